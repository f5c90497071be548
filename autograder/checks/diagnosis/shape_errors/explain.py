"""From where a network stopped to the cause: data against the network's input, a layer, or the loss."""

from __future__ import annotations

from autograder.checks.diagnosis.shape_errors import layers, targets
from autograder.checks.diagnosis.shape_errors.stop import Stop, data, read_stop
from autograder.checks.diagnosis.shape_errors.wording import Cause, hint_for, into_network
from autograder.core.messages import NOTHING, Message, message, verbatim
from autograder.network.architecture import Shape
from autograder.network.describe import shape_in_words
from autograder.records.network_failure import GivenData, NetworkFailure

# An image has at most this many channels, and is larger than that.
_CHANNELS = (1, 3, 4)
# Layers that read any number of axes, so that an axis too many in front stops none of them.
_PER_ROW = frozenset({"Input", "Dense", "Activation", "Dropout", "BatchNormalization", "LayerNormalization"})


def explain(failure: NetworkFailure) -> Cause | None:
    """The cause of a failure, None if shapes are not what it is about, or if our formulas see no misfit.

    Also None for a loop of PyTorch, whose network is judged as it is described.
    """
    if failure.framework:
        return None
    try:
        return _explained(failure)
    except LookupError:  # a layer with settings that were refused has none to compute with
        return None


def _explained(failure: NetworkFailure) -> Cause | None:
    stop = read_stop(failure)
    found = _data_alone(stop) or _data_and_network(stop)
    if found is not None:
        return found
    if stop.layer is not None:
        return layers.explain_at_layer(stop)
    return targets.explain_targets(stop) if failure.loss else None


def _data_alone(stop: Stop) -> Cause | None:
    """What is wrong with the data, whatever the network."""
    failure = stop.failure
    if failure.layer is not None or failure.loss:
        return None
    if any(one.kind == "ragged" for one in failure.inputs):
        said = message(
            "shape.ragged", "The rows that you gave to `{method}` have different lengths.", method=failure.method
        )
        return _cause("rows_of_different_length", said)
    if failure.streamed == 1 and failure.method == "fit" and any(one.shape for one in failure.inputs):
        said = message("shape.no_targets", "What you gave to `fit` gives inputs, but no targets with them.")
        return _cause("stream_without_targets", said)
    x, y = data(failure.inputs), data(failure.targets)
    if failure.streamed or x is None or y is None or not x.shape or not y.shape or None in (x.shape[0], y.shape[0]):
        return None
    if x.shape[0] == y.shape[0]:
        return _weights_differ(failure, x.shape[0])
    if failure.validation:
        said = message(
            "shape.validation_rows_differ",
            "Your validation data have {inputs:,} examples and {targets:,} targets.",
            inputs=x.shape[0],
            targets=y.shape[0],
        )
        return _cause("rows_differ", said)
    said = message(
        "shape.rows_differ",
        "You gave {inputs:,} examples and {targets:,} targets to `{method}`.",
        inputs=x.shape[0],
        targets=y.shape[0],
        method=failure.method,
    )
    return _cause("rows_differ", said)


def _weights_differ(failure: NetworkFailure, rows: int | None) -> Cause | None:
    if rows is None or failure.weights is None or failure.weights == rows or failure.validation:
        return None
    said = message(
        "shape.weights_differ",
        "You gave {inputs:,} examples to `{method}`, and weights for {weights:,}.",
        inputs=rows,
        weights=failure.weights,
        method=failure.method,
    )
    return _cause("weights_differ", said)


def _data_and_network(stop: Stop) -> Cause | None:
    """Data that do not fit the input that the network was built with."""
    failure = stop.failure
    if failure.partial or not stop.inputs:
        return None
    given = failure.inputs or tuple(GivenData(kind="array", shape=shape) for shape in _called_with(stop))
    if not given or any(one.shape is None for one in given):
        return None
    if len(given) != len(stop.inputs):
        said = message(
            "shape.input_count",
            "Your network has {needed} inputs and was given {given}.",
            needed=len(stop.inputs),
            given=len(given),
        )
        return _cause("input_count", said)
    for wanted, one in zip(stop.inputs, given, strict=True):
        came = one.shape or ()
        code = _difference(came, wanted, stop)
        if code:
            needs = shape_in_words(wanted)
            return Cause(
                code, None, into_network(failure, one, needs), verbatim(needs), NOTHING, hint_for(code, len(wanted))
            )
    return None


def _called_with(stop: Stop) -> tuple[Shape, ...]:
    """The shapes of a call of the network itself."""
    described = stop.failure.layer or {}
    return stop.came if "config" not in described and "module" not in described else ()


def _difference(came: Shape, wanted: Shape, stop: Stop) -> str:
    """How data differ from the input of a network; "" if they fit."""
    inner, own = wanted[1:], came[1:]
    if _fits(came, inner):
        if not _has_targets(came, stop):
            return "batch_axis_missing"
        # As many targets as rows: these are examples, and the network was built for one axis more.
        return "batch_axis_twice" if all(step.kind in _PER_ROW for step in stop.steps) else "input_rank"
    if len(came) == len(wanted):
        return "" if _fits(own, inner) else _other_sizes(own, inner, stop)
    if len(came) == len(wanted) - 1 and inner[-1:] == (1,) and _fits(own, inner[:-1]):
        return ""  # Keras adds the axis
    if len(came) == len(wanted) + 1 and own[-1:] == (1,) and _fits(own[:-1], inner):
        return ""  # Keras removes it
    if len(came) == len(wanted) + 1 and _fits(came[2:], inner):
        return "batch_axis_twice"
    return "input_rank"


def _has_targets(came: Shape, stop: Stop) -> bool:
    """Whether there are as many targets as the data have rows."""
    targets = data(stop.failure.targets)
    return bool(targets is not None and targets.shape and targets.shape[0] is not None and targets.shape[0] == came[0])


def _fits(sizes: Shape, wanted: Shape) -> bool:
    if len(sizes) != len(wanted):
        return False
    return all(None in (one, other) or one == other for one, other in zip(sizes, wanted, strict=True))


def _other_sizes(own: Shape, inner: Shape, stop: Stop) -> str:
    if len(inner) == 3:
        if has_channels_first(own, inner) or has_channels_first(inner, own):
            return "channels_first"
        if _reordered(own, inner):
            return "axis_order"
        return "image_size" if own[:2] != inner[:2] else "channels"
    if len(inner) == 2:
        if _reordered(own, inner):
            return "axis_order"
        return "features" if own[1] != inner[1] and inner[1] is not None else "sequence_length"
    if len(inner) == 1:
        embedded = any(step.kind == "Embedding" for step in stop.steps)
        return "sequence_length" if embedded else "features"
    return "axis_order" if _reordered(own, inner) else "image_size"


def has_channels_first(one: Shape, other: Shape) -> bool:
    """Whether `one` is the image `other` with its channels in front."""
    return one[0] in _CHANNELS and _fits(other, (*one[1:], one[0])) and one[0] != one[-1]


def _reordered(own: Shape, inner: Shape) -> bool:
    known = [[size for size in sizes if size is not None] for sizes in (own, inner)]
    return len(known[0]) == len(own) and sorted(known[0]) == sorted(known[1])


def _cause(code: str, said: Message) -> Cause:
    return Cause(code, None, said, NOTHING, NOTHING, hint_for(code))
