"""Inside the sandbox: run a student's cells, then answer questions about what they define.

Questions come in as lines of JSON, answers go out the same way. No test and no expected value is
ever sent here: only the inputs with which an answer is to be called. Everything sent out is
untrusted.
"""

import ast
import base64
import decimal
import importlib.util
import io
import json
import numbers
import os
import resource
import sys
import threading
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from operator import attrgetter

DTYPES = {"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"}
KEPT = 4000  # characters of a cell's output
MESSAGE = 400  # characters of an exception's text
FILE = "cell {}"  # how a cell's code is called in a traceback


def main() -> None:
    limits = json.loads(sys.argv[1])
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    if len(sys.argv) > 2:  # outside of a sandbox, which ends with its grader by itself
        threading.Thread(target=_end_after, args=(int(sys.argv[2]),), daemon=True).start()
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    shell = InteractiveShell.instance(config=config)
    things: list = []  # what cannot be sent is kept here, and a number stands for it

    def send(message: dict) -> None:
        message["number"] = question["number"]
        answers.write(json.dumps(message).encode("ascii") + b"\n")
        answers.flush()

    for line in questions:
        question = json.loads(line)
        try:
            if question["do"] == "run":
                send(_run(shell, question["source"]))
            else:
                send(answer(question, shell.user_ns, things))
        except BaseException as error:
            send({"error": told(error)})


def _end_after(parent: int) -> None:
    """End once the process that asks is gone: nobody is left to hear an answer."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def answer(question: dict, names: dict, things: list) -> dict:
    """Return what a name stands for, or what a call gives."""
    if question["do"] == "get":
        same_luck()  # a test begins: what is drawn in it is the same whenever it is graded
        if question["name"] not in names:
            return {"error": {"type": "NameError", "text": f"{question['name']} is missing"}}
        return {"value": encode(names[question["name"]], things)}
    inputs = [decode(value, things) for value in question["inputs"]]
    named = {key: decode(value, things) for key, value in question["named"].items()}
    return {"value": encode(things[question["thing"]](*inputs, **named), things)}


def same_luck() -> None:
    """Begin random numbers anew, of whatever is loaded."""
    for name, seed in (("random", "seed"), ("numpy", "random.seed"), ("torch", "manual_seed")):
        if name in sys.modules:
            attrgetter(seed)(sys.modules[name])(0)


def told(error: BaseException) -> dict[str, str]:
    """Return an exception's type, its text, and the student's line in which it came up."""
    try:
        text = str(error)[:MESSAGE]
    except BaseException:
        text = "(its text cannot be shown)"
    kind = next((k for k in type(error).__mro__ if k.__module__ == "builtins"), Exception)
    try:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "ipython-input" in f[0]]
        line = (frames[-1].line or "").strip()[:120] if frames else ""
    except BaseException:
        line = ""
    return {"type": kind.__name__, "text": text, "line": line}


def _run(shell, source: str) -> dict:
    printed = io.StringIO()
    source, notes = without_missing_modules(source)
    with redirect_stdout(printed), redirect_stderr(printed):
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    answer = {"output": "".join(notes) + printed.getvalue()[:KEPT]}
    return {**answer, "error": told(error)} if error else answer


def without_missing_modules(source: str) -> tuple[str, list[str]]:
    """Take out imports of what is not installed here: they cost only what uses them."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source, []
    lines, notes = source.splitlines(), []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        else:
            continue
        missing = [name.split(".")[0] for name in names if not _is_here(name.split(".")[0])]
        if missing and ";" not in lines[node.lineno - 1]:
            present = [a for a in node.names if _is_here(a.name.split(".")[0])]
            kept = [ast.unparse(ast.Import([alias])) for alias in present]
            if isinstance(node, ast.ImportFrom):
                kept = []
            lines[node.lineno - 1 : node.end_lineno] = [
                "; ".join(kept) or "pass",
                *[""] * (node.end_lineno - node.lineno),
            ]
            notes.append(f"({', '.join(missing)} is not installed here; its import was skipped)\n")
    return "\n".join(lines), notes


def _is_here(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def encode(value, things: list | None = None):
    """Turn plain data into JSON; keep anything else in `things` and send its number."""
    if value is None or isinstance(value, (bool, str)):
        return {"plain": value if not isinstance(value, str) else str(value)}
    if isinstance(value, (numbers.Real, decimal.Decimal)) and not hasattr(value, "dtype"):
        value = value if isinstance(value, int) else float(value)  # fractions as well
        return {"plain": int(value) if isinstance(value, int) else float(value)}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [encode(item, things) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(k, things), encode(v, things)] for k, v in value.items()]}
    array = as_array(value)
    if array is not None and array.dtype.name in DTYPES:
        data = base64.b64encode(array.tobytes()).decode()
        kind = "tensor" if hasattr(value, "requires_grad") else "array"
        return {kind: data, "dtype": array.dtype.name, "shape": list(array.shape)}
    if things is None:
        raise TypeError(f"a {type(value).__name__} cannot be sent")
    things.append(value)
    return {"thing": len(things) - 1, "type": type(value).__name__}


def as_array(value):
    """Return a tensor's or an array's numbers, or None."""
    import numpy as np

    if hasattr(value, "requires_grad") and hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return np.ascontiguousarray(value).reshape(np.shape(value))
    return None


def decode(value: dict, things: list | None = None):
    """Undo `encode`; whatever is not exactly what `encode` makes is refused."""
    if "plain" in value:
        plain = value["plain"]
        if plain is not None and not isinstance(plain, (bool, int, float, str)):
            raise ValueError("not plain")
        return plain
    if "list" in value:
        return [decode(item, things) for item in value["list"]]
    if "tuple" in value:
        return tuple(decode(item, things) for item in value["tuple"])
    if "dict" in value:
        return {decode(k, things): decode(v, things) for k, v in value["dict"]}
    if "thing" in value:
        if things is None:
            raise ValueError("no things here")
        return things[value["thing"]]
    import numpy as np

    if value["dtype"] not in DTYPES:
        raise ValueError(f"dtype {value['dtype']!r}")
    data = base64.b64decode(value["tensor"] if "tensor" in value else value["array"])
    if value["dtype"] == "bool":  # bytes other than 0 and 1 would be neither true nor false
        array = np.frombuffer(data, "uint8").reshape(value["shape"]) != 0
    else:
        array = np.frombuffer(data, value["dtype"]).reshape(value["shape"]).copy()
    if "array" in value:
        return array
    import torch

    return torch.from_numpy(array)


if __name__ == "__main__":
    main()
