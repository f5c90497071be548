"""Inside the kernel: calls the student's own prediction on a few hidden rows, and packs what it gives as plain data.

Only inputs come here, in batches and without anything that tells which rows they are. The student's code shares this
process and can send any answer: `hidden_rows` reads it outside, and scores nothing but the predictions in it.
"""

from __future__ import annotations

import base64
import contextlib
import linecache
import sys
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pandas as pd

Given = dict[str, Any]
_MOST_TEXT = 200
# What fits into one message as base64; the grader takes less.
_MOST_NUMBERS = 700_000
_CELL = "ipykernel_"


def predict(content: Given, variables: dict[str, Any]) -> Given:
    """Call the function or network `content["name"]` with the rows in `content["rows"]` (see `packed_rows`).

    Returns:
        {"status": "predicted", "shape", "values"} with the values as base64 of little-endian float64, or "texts" as a
        list, or "parts" with such a result for each input that is prepared, by its name; or another status of
        `CapturedPredictions` with what is known of it.
    """
    name = content["name"]
    if name not in variables:
        return {"status": "no_name"}
    call = caller(variables[name], content["purpose"])
    if call is None:
        return {"status": "no_call"}
    try:
        with open_nowhere() as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            output = call(unpacked_rows(content["rows"]))
            if content["purpose"] == "prepare" and isinstance(output, Mapping) and len(output) > 1:
                return {"status": "predicted", "parts": {str(name): packed_output(one) for name, one in output.items()}}
            return packed_output(output)
    except KeyboardInterrupt:
        return {"status": "timeout"}
    except BaseException as error:  # a student's code may also raise SystemExit, or a class of its own
        return {"status": "raised", **_place(error)}


class _Nowhere:
    """A stream that keeps nothing: progress bars and prints of a prediction are for nobody."""

    encoding, errors, closed = "utf-8", "strict", False

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""

    def isatty(self) -> bool:
        return False


@contextlib.contextmanager
def open_nowhere() -> Any:
    """A stream for standard output and error while a student's code predicts."""
    yield _Nowhere()


def caller(thing: Any, purpose: str = "predict") -> Callable[[Any], Any] | None:
    """How the thing in the variable predicts: by its `predict`, as networks of Keras and estimators do, else by a call;
    or how it prepares: by its `transform`, else by a call."""
    if isinstance(thing, keras.Model):
        return lambda rows: thing.predict(rows, verbose=0)
    method = getattr(thing, "transform" if purpose == "prepare" else "predict", None)
    if callable(method):
        return method  # type: ignore[no-any-return]
    if (torch := sys.modules.get("torch")) is not None and isinstance(thing, torch.nn.Module):
        return lambda rows: _output_of_module(torch, thing, rows)
    return thing if callable(thing) else None


def _output_of_module(torch: Any, module: Any, rows: Any) -> Any:
    """The output of a network of PyTorch, in the mode for evaluation and without gradients; several inputs are given in
    their order."""
    inputs = rows.values() if isinstance(rows, Mapping) else [rows]
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            return module(*(_tensor(torch, one) for one in inputs))
    finally:
        for part, training in modes:
            part.training = training


def _tensor(torch: Any, rows: Any) -> Any:
    """Rows as PyTorch's layers read them: images (bytes) and numbers as float32, images with their channels first, and
    whole numbers, such as those of words, as int64."""
    rows = np.asarray(rows)
    if rows.dtype == np.uint8 and rows.ndim > 2:
        rows = np.moveaxis(rows, -1, 1) if rows.ndim == 4 else rows[:, None]
    of_words = rows.dtype.kind in "iu" and rows.dtype != np.uint8
    return torch.from_numpy(np.ascontiguousarray(rows, np.int64 if of_words else np.float32))


def unpacked_rows(rows: Given) -> Any:
    """The rows as the notebook gets them: an array, an array of texts, several of these by name, or a table."""
    if "inputs" in rows:
        return {name: unpacked_rows(one) for name, one in rows["inputs"].items()}
    if "columns" in rows:
        columns = {name: np.array(values, dtype) for name, dtype, values in rows["columns"]}
        return pd.DataFrame(
            {name: one.astype(object) if one.dtype.kind == "U" else one for name, one in columns.items()}
        )
    if "texts" in rows:
        return np.array(rows["texts"], dtype=object)
    raw = base64.b64decode(rows["values"])
    return np.frombuffer(raw, rows["dtype"]).reshape(rows["shape"]).copy()


def packed_output(output: Any) -> Given:
    """An output as plain data; "malformed" if it is not an array of numbers or texts."""
    if isinstance(output, Mapping) and len(output) == 1:
        (output,) = output.values()
    if isinstance(output, list | tuple) and len(output) == 1 and np.ndim(output[0]) > 0:
        output = output[0]
    if (torch := sys.modules.get("torch")) is not None and isinstance(output, torch.Tensor):
        output = output.detach().cpu().numpy()
    try:
        # scikit-learn's encoders give sparse matrices.
        array = np.asarray(output.toarray() if callable(getattr(output, "toarray", None)) else output)
        if array.dtype.kind in "OSU":
            if array.ndim == 2 and array.shape[1] == 1:
                array = array[:, 0]
            if array.ndim == 1 and all(isinstance(one, str) for one in array.tolist()):
                return {"status": "predicted", "texts": [one[:_MOST_TEXT] for one in array.tolist()]}
        if array.dtype.kind == "M":
            return {"status": "malformed"}
        if array.size > _MOST_NUMBERS:
            return {"status": "predicted", "shape": list(array.shape), "values": ""}  # too many, as its shape says
        numbers = np.ascontiguousarray(array, dtype="<f8")
    except (TypeError, ValueError):
        return {"status": "malformed"}
    return {"status": "predicted", "shape": list(array.shape), "values": base64.b64encode(numbers.tobytes()).decode()}


def _place(error: BaseException) -> Given:
    """The class of an exception, and the last line of a cell that it passed, with the text of that line."""
    found: Given = {"error": type(error).__name__[:_MOST_TEXT]}
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if _CELL in name or name.startswith("<ipython-input"):
            found |= {"line": trace.tb_lineno, "text": linecache.getline(name, trace.tb_lineno).strip()[:500]}
        trace = trace.tb_next
    return found
