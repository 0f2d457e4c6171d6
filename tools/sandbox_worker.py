"""Inside the sandbox: run a student's cells, then answer questions about what they define.

Questions come in as lines of JSON, answers go out the same way. No test and no expected value is
ever sent here: only the inputs with which an answer is to be called. Everything sent out is
untrusted.
"""

import base64
import io
import json
import os
import resource
import sys
from contextlib import redirect_stderr, redirect_stdout

DTYPES = {"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"}
KEPT = 4000  # characters of a cell's output


def main() -> None:
    limits = json.loads(sys.argv[1])
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    things: list = []  # what cannot be sent is kept here, and a number stands for it

    def send(message: dict) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    for line in questions:
        question = json.loads(line)
        try:
            if question["do"] == "run":
                output, error = _run(shell, question["source"])
                send({"output": output, "error": error})
            elif question["do"] == "get":
                if question["name"] in shell.user_ns:
                    send({"value": encode(shell.user_ns[question["name"]], things)})
                else:
                    send({"error": f"NameError: {question['name']} is not defined"})
            else:
                function = things[question["thing"]]
                inputs = [decode(value, things) for value in question["inputs"]]
                named = {key: decode(value, things) for key, value in question["named"].items()}
                send({"value": encode(function(*inputs, **named), things)})
        except BaseException as error:
            send({"error": f"{type(error).__name__}: {str(error)[:500]}"})


def _run(shell, source: str) -> tuple[str, str | None]:
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    text = printed.getvalue()
    return text[:KEPT], f"{type(error).__name__}: {str(error)[:500]}" if error else None


def encode(value, things: list | None = None):
    """Turn plain data into JSON; keep anything else in `things` and send its number."""
    if value is None or isinstance(value, (bool, str)):
        return {"plain": value if not isinstance(value, str) else str(value)}
    if isinstance(value, (int, float)):
        return {"plain": int(value) if isinstance(value, int) else float(value)}
    if isinstance(value, (list, tuple)):
        return {type_name(value): [encode(item, things) for item in value]}
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


def type_name(value) -> str:
    return "tuple" if isinstance(value, tuple) else "list"


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
    array = np.frombuffer(data, value["dtype"]).reshape(value["shape"]).copy()
    if "array" in value:
        return array
    import torch

    return torch.from_numpy(array)


if __name__ == "__main__":
    main()
