"""Make the student version of every problem set: no solution, no hidden test, ready for Colab.

    python tools/grading/assignments.py OUT [--students FILE --secret TEXT]

nbgrader does the work, so this runs in the environment of requirements-grading.txt (`make
assignments`). With a file of students, one a line, everyone gets a notebook with parameters of
their own; without it, one notebook for all.
"""

import argparse
import copy
import sys
from pathlib import Path

import nbformat
from gradebook import roster
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    ClearSolutions,
    LockCells,
)
from problem_sets import STUB, read, sets, variant, with_parameters
from results import safe
from submissions import bad_name, shown
from traitlets.config import Config

STEPS = (CheckCellMetadata, LockCells, ClearSolutions, ClearOutput, ClearHiddenTests)


def student_version(notebook):
    """Return the notebook as it is handed out."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = "*Your answer here.*"
    result, resources = copy.deepcopy(notebook), {}
    for step in STEPS:
        result, resources = step(config=config).preprocess(result, resources)
    for cell in result.cells:
        for ours in ("parameters", "rubric", "seconds"):  # what is none of a student's business
            cell.metadata.pop(ours, None)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--students", type=Path, help="names, one a line, or a table")
    parser.add_argument("--secret", help="makes the parameters of each student; keep it")
    options = parser.parse_args()
    if (options.students is None) != (options.secret is None):
        parser.error("--students and --secret belong together")
    names = [""]
    if options.students:
        names = list(dict.fromkeys(roster(options.students).values()))
        if bad := [name for name in names if bad_name(name)]:
            sys.exit(f"{shown(bad[0])} cannot be a student's name: {bad_name(bad[0])}.")
    for name, path in sets().items():
        for student in names:
            notebook = read(path)
            values = variant(notebook, name, student, options.secret)
            made = student_version(with_parameters(notebook, values))
            target = options.out / (safe(student) if student else "") / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(made, target)
    print(f"{len(sets())} problem sets for {len(names)} in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
