"""Problem sets: the notebooks of exercises/, read by what makes and by what grades them.

The markup is nbgrader's: a cell's metadata say whether it is given, answered, tested or written.
A cell tagged `parameters` holds numbers that may differ between students.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "exercises"


HIDDEN = "### BEGIN HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """A cell of a problem set: role is given, answer, test, written or text."""

    id: str
    role: str
    source: str
    points: float
    is_code: bool
    title: str = ""  # of the part to which it belongs
    seconds: float | None = None  # of the processor, for a test that takes long
    rubric: tuple[str, ...] = ()


STUB = "# Your code here\nraise NotImplementedError"


def handed_out(source: str, stub: str = STUB) -> str:
    """Return a cell as students get it: solutions cut out, hidden tests as well."""

    def put(match: re.Match) -> str:
        lines = stub.splitlines() if match[2] == "SOLUTION" else []
        return "".join(f"{match[1]}{line}\n" for line in lines)

    pattern = r"^([ \t]*)### BEGIN (SOLUTION|HIDDEN TESTS)\n.*?### END \2[^\n]*(?:\n|\Z)"
    return re.sub(pattern, put, source, flags=re.M | re.S).rstrip("\n")


def sets(folder: Path = FOLDER) -> dict[str, Path]:
    """Return name -> notebook of every problem set, in order."""
    return {path.stem: path for path in sorted(folder.glob("ps*.ipynb"))}


def role(metadata) -> str:
    """Say what a cell is, from its nbgrader metadata."""
    marks = metadata.get("nbgrader") or {}
    graded, solved = marks.get("grade", False), marks.get("solution", False)
    if graded:
        return "written" if solved else "test"
    return "answer" if solved else "given" if marks.get("locked") else "text"


def cells(notebook) -> list[Cell]:
    """Return the cells of a notebook that has been read."""
    title, found = "", []
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader") or {}
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.*?)(?: \(\d+ points\))?$", cell.source, re.M)
            title = headings[-1] if headings else title
        found.append(
            Cell(
                str(marks.get("grade_id", "")),
                role(cell.metadata),
                str(cell.source),
                float(marks.get("points", 0) or 0),
                cell.cell_type == "code",
                title,
                cell.metadata.get("seconds"),
                tuple(cell.metadata.get("rubric", ())),
            )
        )
    return found


def read(path: Path):
    """Read a notebook of ours (a submission is read with more suspicion)."""
    return nbformat.read(path, as_version=4)


def choices(notebook) -> dict[str, list]:
    """Return name -> possible values of the parameters; the first is the default."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            return dict(cell.metadata["parameters"])
    return {}


def variant(notebook, name: str, student: str, secret: str | None) -> dict:
    """Return the parameters of one student: without a secret everybody has the defaults.

    The choice is a keyed hash, so it is the same in every year, on every machine and whoever else
    is in the class, and nobody without the secret can compute another student's.
    """
    values = {}
    for parameter, options in choices(notebook).items():
        message = f"{name}/{student}/{parameter}".encode()
        digest = hmac.new((secret or "").encode(), message, hashlib.sha256).digest()
        place = int.from_bytes(digest[:8], "big") % len(options)
        values[parameter] = options[place if secret else 0]
    return values


def with_parameters(notebook, values: dict):
    """Return the notebook with the values written into its cell of parameters."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return notebook
