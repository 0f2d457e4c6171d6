"""A submission without its sandbox: for tests of tests, which trust the programs they run."""

import problem_sets
import sandbox_worker
from judging import given_names, run_test
from sandbox import Sandbox


class Local(Sandbox):
    """Answer in this process what a worker would answer in its own, by the same code."""

    def __init__(self, names: dict):
        self.names, self.things, self.last = names, [], ""

    def _ask(self, question: dict) -> dict:
        try:
            return sandbox_worker.answer(question, self.names, self.things)
        except BaseException as error:
            return {"error": sandbox_worker.told(error)}


class Examined:
    """A problem set with the parameters of somebody, and its tests.

    Parameters
    ----------
    notebook
        As it was read, with its solutions.
    values : dict
        The parameters.
    """

    def __init__(self, notebook, values: dict):
        self.cells = problem_sets.cells(problem_sets.with_parameters(notebook, values))
        self.given = given_names(self.cells)
        self.tests = {cell.id: cell for cell in self.cells if cell.role == "test"}

    def marks(self, tests, *programs: str) -> dict[str, tuple[float, str]]:
        """Return test -> (points, why) of the official solution with these programs put over it."""
        names = dict(self.given)
        for cell in self.cells:
            if cell.role == "answer":
                exec(cell.source, names)
        for program in programs:
            exec(program, names)
        local = Local(names)
        return {id: run_test(self.tests[id], dict(self.given), local) for id in tests}
