"""A page for each student: what each part was worth, why, and what ran."""

import html
from pathlib import Path

import problem_sets
from results import Result, safe, write

STYLE = """
body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}
body{color:#222;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{padding:.35em 1em .35em 0;text-align:left;vertical-align:top;border-top:1px solid #ddd}
pre,blockquote{background:#f4f4f4;padding:.6em;overflow:auto;white-space:pre-wrap;margin:.5em 0}
pre.output{background:none;color:#444} .lost{color:#a02000}
td{overflow-wrap:break-word} td:nth-child(2){white-space:nowrap}
td:nth-child(3){overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#1a1a1a}
pre,blockquote{background:#2a2a2a} pre.output{color:#bbb} td,th{border-color:#444}
.lost{color:#ff9b7a}}
"""


def write_all(results: list[Result], out: Path, names: dict[str, Path]) -> None:
    """Write a page for each result; what the student wrote is escaped on it."""
    cells = {
        name: {c.id: c for c in problem_sets.cells(problem_sets.read(path))}
        for name, path in names.items()
    }
    for result in results:
        path = out / "feedback" / safe(result.student) / f"{result.set}.html"
        write(path, page(result, cells.get(result.set, {})))


def headline(result: Result) -> str:
    """Return the points, as far as they are known."""
    score, out_of = f"{result.score:g}", f"{result.out_of:g}"
    if result.unread:
        return f"So far {score} of {out_of} points; {result.unread:g} still to be read."
    return f"{score} of {out_of} points."


def page(result: Result, official: dict) -> str:
    title = html.escape(f"{result.student}: {result.set}")
    status = "" if result.status == "graded" else f"<p class=lost>{html.escape(result.status)}</p>"
    rows = "".join(_row(mark, result) for mark in result.marks)
    written = "".join(
        _written(mark, result.written[mark.id], official.get(mark.id))
        for mark in result.marks
        if mark.id in result.written
    )
    ran = "".join(
        f"<pre>{html.escape(source)}</pre>"
        + (f"<pre class=output>{html.escape(output)}</pre>" if output.strip() else "")
        + (f"<pre class='output lost'>{html.escape(error)}</pre>" if error else "")
        for source, output, error in result.cells
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title><style>{STYLE}</style>
<h1>{title}</h1><p><b>{headline(result)}</b></p>{status}
<table><tr><th>Part</th><th>Points</th><th>What was found</th></tr>{rows}</table>
{written and "<h2>In your own words</h2>" + written}
<h2>What ran</h2><p>The cells of your notebook, in their order, with what they printed.</p>
{ran}</html>
"""


def _row(mark, result: Result) -> str:
    part = html.escape(mark.title or mark.id)
    short = mark.id.removeprefix("test-").replace("-", " ")
    detail = f"<br><small>{html.escape(short)}</small>"
    if mark.score is None:
        points, said = f"&ndash; / {mark.points:g}", "to be read by a person"
    else:
        points = f"{mark.score:g} / {mark.points:g}"
        said = "all tests passed" if mark.score == mark.points else mark.why
        if mark.id in result.written:
            said = "read by a person: see below"
    lost = " class=lost" if mark.score is not None and mark.score < mark.points else ""
    return f"<tr><td>{part}{detail}</td><td{lost}>{points}</td><td>{html.escape(said)}</td></tr>"


def _written(mark, answer: str, cell) -> str:
    """Return an answer in words with what a person said; the rubric only after it was marked."""
    said = f"<p><b>{html.escape(mark.title or mark.id)}</b></p><blockquote>{html.escape(answer)}"
    said += "</blockquote>"
    if mark.score is None:
        return said + "<p>To be read.</p>"
    said += f"<p>{mark.score:g} of {mark.points:g} points"
    said += f": {html.escape(mark.why)}</p>" if mark.why else ".</p>"
    if cell is not None and cell.rubric:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in cell.rubric)
        said += f"<p>What was looked for:</p><ul>{lines}</ul>"
    return said
