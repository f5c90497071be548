"""Why a loss cannot compare what a network gives with the targets."""

from __future__ import annotations

from autograder.checks.diagnosis.shape_errors.stop import ShapedOperation, Stop, data
from autograder.checks.diagnosis.shape_errors.wording import Cause, against_targets, hint_for, kept_by
from autograder.core.messages import NOTHING, Message, message, verbatim
from autograder.network.architecture import Operation, Shape
from autograder.network.describe import shape_in_words

_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "Bidirectional"})
_ONE_ROW = ("Flatten", "Global")
_ONE_HOT = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge"})
_SPARSE = "sparse_categorical_crossentropy"


def explain_targets(stop: Stop) -> Cause | None:
    """The cause at the loss; None if output and targets are not known, or fit."""
    output = stop.outputs[0] if len(stop.outputs) == 1 else stop.failure.output
    given = data(stop.failure.targets)
    targets = given.shape if given is not None else stop.failure.target
    if output is None or not targets:
        return None
    code, layer = _of_shapes(stop, (None, *output[1:]), targets)
    if not code:
        return None
    last = _last(stop)
    came = against_targets(last, (None, *output[1:]), targets)
    origin = kept_by(layer.operation, layer.shape) if layer is not None else _loss_reads(stop, code)
    operation = layer.operation if layer is not None and code == "flatten_missing" else last
    return Cause(code, operation, came, verbatim(shape_in_words((None, *targets[1:]))), origin, hint_for(code))


def _of_shapes(stop: Stop, output: Shape, targets: Shape) -> tuple[str, ShapedOperation | None]:
    loss, units, last = stop.failure.loss, output[-1], targets[-1] if len(targets) > 1 else None
    column = len(targets) == 1 or targets[1:] == (1,)
    if loss == _SPARSE:
        if len(output) == 2 and len(targets) == 2 and last == units and last != 1:
            return "labels_one_hot", None
        if len(output) == 2 and len(targets) > 1 and not column:
            return ("one_hot_twice", None) if len(targets) == 3 else ("labels_one_hot", None)
        if len(output) == 3 and len(targets) == 2 and not column and output[1] != last:
            return "sequence_length", None
        return _more_axes(stop, output, 2 if column else len(targets) + 1)
    if loss in _ONE_HOT and len(targets) == 3 and len(output) == 2 and targets[1] == targets[2]:
        return "one_hot_twice", None
    if len(output) > 2 and len(output) > len(targets):
        found = _more_axes(stop, output, max(len(targets), 2))
        if found[0]:
            return found
    if loss in _ONE_HOT and column and len(output) == 2 and units != 1:
        return "labels_whole", None
    if len(output) == len(targets) == 3 and output[1] != targets[1] and output[2] == targets[2]:
        return "sequence_length", None
    if "crossentropy" in loss and len(output) == 2 and len(targets) <= 2:
        return ("units_and_classes", None) if (last or 1) != units else ("", None)
    return ("target_shape", None) if output[1:] != targets[1:] else ("", None)


def _more_axes(stop: Stop, output: Shape, rank: int) -> tuple[str, ShapedOperation | None]:
    """The cause, if the output has more axes than the targets leave room for; and the step that kept them."""
    if len(output) <= rank or not stop.ends:
        return "", None
    kept = end = None
    for step, before in stop.back(stop.ends[0]):
        if step.kind in _RECURRENT:
            return "sequences_returned", step
        if step.kind.startswith(_ONE_ROW):
            break
        if end is None and step.kind != "Activation":
            end = step
        if step.kind == "Dense" and before is not None and len(before) > 2:
            kept = step
    return "flatten_missing", kept or end or stop.steps[stop.ends[0]]


def _last(stop: Stop) -> Operation | None:
    """The last layer of the network; an activation is a part of the one before it."""
    if len(stop.ends) != 1:
        return None
    for step, _ in stop.back(stop.ends[0]):
        if step.kind != "Activation" or step.operation.label != _before(stop, step):
            return step.operation
    return None


def _before(stop: Stop, step: ShapedOperation) -> str:
    return stop.steps[step.operation.inputs[0]].operation.label if step.operation.inputs else ""


def _loss_reads(stop: Stop, code: str) -> Message:
    """What the loss reads, if the labels are written in the other way."""
    loss = stop.failure.loss
    if code == "labels_whole":
        return message(
            "shape.loss_reads_rows",
            "The loss {loss} reads a row with a value for each class as the target of an example.",
            loss=loss,
        )
    if code in ("labels_one_hot", "one_hot_twice") and loss == _SPARSE:
        return message(
            "shape.loss_reads_numbers", "The loss {loss} reads one whole number as the target of an example.", loss=loss
        )
    return NOTHING
