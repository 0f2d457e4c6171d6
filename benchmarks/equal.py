"""The rule of equal search: each method of a comparison tries as many settings, on validation data.

A benchmark that compares methods makes one `Search` for each of its tables, lets every method try
its settings with `Search.run`, takes `Search.chosen`, and writes `Search.entry` beside its rows, as
``report.write(..., search=[search.entry()])``. In the JSON file that is::

    "search": [{"table": "rows", "split": "validation", "measure": "FID, lower is better",
                "trials": 6,
                "methods": {"VAE": {"tried": [{"settings": {"lr": 0.001, "beta1": 0.9},
                                               "score": 4.2, "seeds": [100]}, ...],
                                    "chosen": {"lr": 0.001, "beta1": 0.9}}},
                "fixed": {"copies": "has no setting"}}]

`table` names the list of rows that the entry stands for. Two more keys are there where they are
needed: ``where`` limits the entry to the rows with these values (such as one data set), and
``closed`` says of methods with settings but without an optimizer what they do instead. A row says
which setting it was measured with, under ``settings`` or in columns of those names.

`complaints` tells what in a result breaks the rule. A test asks it about every committed file, and
`Search.entry` before anything is written.
"""

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

METHOD_COLUMNS = ("method", "model", "recipe", "variant")
SEARCHED_ALWAYS = ("lr", "beta1")  # what every method with an optimizer tries
NEEDED = ("table", "split", "measure", "trials", "methods")


def grid(**choices: Sequence[Any]) -> list[dict]:
    """Return every combination of the choices: the settings that a method tries.

    >>> grid(lr=(1e-3, 2e-3), beta1=(0.0,))
    [{'lr': 0.001, 'beta1': 0.0}, {'lr': 0.002, 'beta1': 0.0}]
    """
    return [dict(zip(choices, each, strict=True)) for each in itertools.product(*choices.values())]


class Search:
    """One search among the settings of several methods, of equal size for all of them.

    Parameters
    ----------
    table : str
        The key of the result whose rows it stands for.
    measure : str
        What is measured on the validation split, ending in "lower is better" or "higher is
        better".
    trials : int
        How many settings each method tries.
    seeds : sequence of int
        With which each setting is tried; the score is the mean. Seeds that no row has.
    where : dict, optional
        The values by which the rows of this entry are known, if it does not stand for all.
    fixed, closed : dict of str to str
        Methods without a setting to choose, and methods with settings but no optimizer, each with
        the reason.
    before : list of dict
        The entries of a file that is there: what was tried already is not tried again.
    """

    def __init__(
        self,
        table: str,
        measure: str,
        trials: int,
        *,
        seeds: Sequence[int] = (100,),
        where: Mapping[str, Any] | None = None,
        fixed: Mapping[str, str] | None = None,
        closed: Mapping[str, str] | None = None,
        before: Sequence[dict] = (),
    ):
        self.about = {"table": table, "split": "validation", "measure": measure, "trials": trials}
        if where:
            self.about["where"] = dict(where)
        self.lower = lower_is_better(measure)
        self.seeds, self.fixed, self.closed = list(seeds), dict(fixed or {}), dict(closed or {})
        same = [each for each in before if all(each.get(k) == v for k, v in self.about.items())]
        self.tried: dict[str, list[dict]] = {
            name: list(method["tried"]) for each in same for name, method in each["methods"].items()
        }

    def run(
        self,
        method: str,
        settings: Sequence[dict],
        score: Callable[[dict, int], float],
        after: Callable[[], None] = lambda: None,
    ) -> dict:
        """Try every setting of a method and return the best one.

        `score(setting, seed)` trains on the training split and returns what is measured on the
        validation split; a run that diverged returns NaN and counts as the worst. `after()` is
        called when a setting is done, so that a search can be cut off and go on.
        """
        if len(settings) != self.about["trials"]:
            raise ValueError(
                f"{method} has {len(settings)} settings to try; equal effort is "
                f"{self.about['trials']} for each method: give that many."
            )
        known = [_same(each["settings"]) for each in self.tried.get(method, [])]
        for setting in settings:
            if _same(setting) in known:
                continue
            values = [float(score(setting, seed)) for seed in self.seeds]
            mean = math.fsum(values) / len(values)
            row = {"settings": dict(setting), "score": mean if math.isfinite(mean) else None}
            self.tried.setdefault(method, []).append({**row, "seeds": self.seeds})
            after()
        return self.chosen(method)

    def chosen(self, method: str) -> dict:
        """Return the setting of a method that was best on the validation split."""
        return best(self.tried[method], self.lower)["settings"]

    def entry(self) -> dict:
        """Return what stands under ``search`` in the result, also in the middle of a search."""
        methods = {
            name: {"tried": tried, "chosen": self.chosen(name) if _ended(tried) else None}
            for name, tried in self.tried.items()
        }
        more = {"fixed": self.fixed, "closed": self.closed}
        return {**self.about, "methods": methods, **{k: v for k, v in more.items() if v}}


def lower_is_better(measure: str) -> bool:
    """Return whether a measure is better when it is lower; it has to say so itself."""
    for end in ("lower", "higher"):
        if f"{end} is better" in measure:
            return end == "lower"
    raise ValueError(
        f'The measure {measure!r} must end in "lower is better" or "higher is better".'
    )


def best(tried: Sequence[dict], lower: bool) -> dict:
    """Return the best of what was tried; a run without a score, which diverged, is the worst."""
    if not _ended(tried):
        raise ValueError(f"None of {len(tried)} settings came to an end: there is none to choose.")
    return (min if lower else max)(_ended(tried), key=lambda each: each["score"])


def _ended(tried: Sequence[dict]) -> list[dict]:
    """Return what was tried and did not diverge."""
    return [each for each in tried if each["score"] is not None]


def _same(setting: Mapping[str, Any]) -> str:
    """Return a text that is the same for equal settings, whatever the order of their keys."""
    return json.dumps(setting, sort_keys=True)


# --- What breaks the rule ---------------------------------------------------------------------


def complaints(result: Mapping[str, Any]) -> list[str]:
    """Say what in a committed result breaks the rule of equal search; nothing if all is well."""
    found, sound = [], []
    for entry in result.get("search", []):
        missing = [key for key in NEEDED if key not in entry]
        if missing:
            found.append(f"A search lacks {', '.join(missing)}.")
        elif not isinstance(result.get(entry["table"]), list):
            found.append(f"A search stands for the rows {entry['table']!r}, which are not there.")
        else:
            sound.append(entry)
            found += [f"{entry['table']}: {text}" for text in _of_search(entry, result)]
    for table, rows in result.items():
        if not _compares(rows):
            continue
        column = column_of(rows)
        entries = [entry for entry in sound if entry["table"] == table]
        loose = {r[column] for r in rows if not any(_covers(e, r, column) for e in entries)}
        if loose:
            found.append(f"{table}: no search stands for {', '.join(sorted(loose))}.")
    return found


def column_of(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return which column of these rows names the method, if any."""
    return next((c for c in METHOD_COLUMNS if rows and all(c in row for row in rows)), None)


def _compares(rows: Any) -> bool:
    """Return whether these are rows of several methods."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return False
    column = column_of(rows)
    return column is not None and len({row[column] for row in rows}) > 1


def _here(entry: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(row.get(key) == value for key, value in entry.get("where", {}).items())


def _covers(entry: Mapping[str, Any], row: Mapping[str, Any], column: str) -> bool:
    named = entry["methods"].keys() | entry.get("fixed", {}).keys()
    return _here(entry, row) and row[column] in named


def _of_search(entry: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with one entry and with the rows that it stands for."""
    found, closed = [], entry.get("closed", {})
    if entry["split"] != "validation":
        found.append(f"settings were chosen on the split {entry['split']!r}, not on validation.")
    try:
        lower = lower_is_better(entry["measure"])
    except ValueError as error:
        return [*found, str(error)]
    for name, reason in {**entry.get("fixed", {}), **closed}.items():
        if not reason:
            found.append(f"{name} is left out of the search without a reason.")
    seeds = {len(each["seeds"]) for m in entry["methods"].values() for each in m["tried"]}
    if len(seeds) > 1 or 0 in seeds:
        found.append(f"settings were tried with {sorted(seeds)} seeds: not the same number.")
    for name, method in entry["methods"].items():
        found += _of_method(name, method, entry["trials"], lower, name in closed)
    rows = [row for row in result[entry["table"]] if _here(entry, row)]
    column = column_of(rows)
    if column is None:
        return [*found, f"no column of its rows names the method ({', '.join(METHOD_COLUMNS)})."]
    for name, method in entry["methods"].items():
        own = [row for row in rows if row[column] == name]
        if not own:
            found.append(f"{name} was searched and has no row.")
        for row in own:
            used = row.get("settings", {k: row[k] for k in method["chosen"] or {} if k in row})
            if _same(used) != _same(method["chosen"]):
                found.append(f"a row of {name} has {used}; chosen was {method['chosen']}.")
                break
    return found


def _of_method(
    name: str, method: Mapping[str, Any], trials: int, lower: bool, closed: bool
) -> list[str]:
    """Say what is wrong with the search of one method."""
    found, tried = [], method["tried"]
    if len(tried) != trials:
        found.append(f"{name} tried {len(tried)} settings and not {trials}.")
    if len({_same(each["settings"]) for each in tried}) != len(tried):
        found.append(f"{name} tried a setting twice.")
    for key in () if closed else SEARCHED_ALWAYS:
        if len({each["settings"].get(key) for each in tried} - {None}) < 2:
            found.append(f"{name} has an optimizer, and only one {key} or none was tried.")
    scores = {_same(each["settings"]): each["score"] for each in tried}
    chosen = _same(method["chosen"])
    if chosen not in scores:
        found.append(f"{name} has chosen {method['chosen']}, which was not tried.")
    elif not _ended(tried):
        found.append(f"{name} has no setting that came to an end.")
    elif scores[chosen] != best(tried, lower)["score"]:
        found.append(f"{name} has not chosen the best setting that it tried.")
    return found
