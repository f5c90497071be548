"""Why a layer cannot read what comes into it."""

from __future__ import annotations

from autograder.checks.diagnosis.shape_errors.stop import ShapedOperation, Stop, data, misfit, needed_ranks
from autograder.checks.diagnosis.shape_errors.wording import (
    Cause,
    from_branches,
    from_data,
    from_input,
    hint_for,
    into_layer,
    made_by,
    rank_in_words,
)
from autograder.core.messages import NOTHING, Message, message, phrase, verbatim
from autograder.network.architecture import Operation, Shape
from autograder.network.describe import named, shape_in_words
from autograder.network.layers import LAYERS

_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_ONE_ROW = ("Flatten", "Reshape", "Global")
_CHANNELS = (1, 3, 4)
# An input that begins with at least so many is taken for the number of examples, not for a size of one.
_MANY = 32


def explain_at_layer(stop: Stop) -> Cause | None:
    """The cause at the layer that failed; None if it is none of shapes, or not known."""
    layer = stop.layer
    if layer is None or not stop.came or layer.kind not in LAYERS:
        return None
    if len(stop.came) > 1 or LAYERS[layer.kind].inputs[0] > 1 or LAYERS[layer.kind].family.category == "merging":
        return _merge(stop, layer)
    came = stop.came[0]
    if stop.failure.method == "build" and stop.failure.shapes[0][:1] != (None,):
        came = stop.failure.shapes[0]  # with the first size that the student wrote, which Keras takes for the batch
    if stop.built is not None and _other_width(came, stop.built):
        return _shared(stop, layer, came)
    ranks = needed_ranks(layer, stop.inner)
    if ranks and len(came) not in ranks:
        return _rank(stop, layer, came, ranks)
    return _sizes(stop, layer, came) if misfit(layer, stop.came) else None


def _merge(stop: Stop, layer: Operation) -> Cause | None:
    if len(stop.came) > 1 and not misfit(layer, stop.came):
        return None
    branches = tuple(_shaped_by(stop, end) for end in stop.ends if stop.failure.partial)
    shapes = tuple(map(shape_in_words, stop.came))
    needs = phrase("shapes that fit together")
    came = message(
        "shape.into_join",
        "{layer} joins the shapes {shapes}, which do not fit together.",
        layer=named(layer),
        shapes=shapes,
    )
    return Cause("merge", layer, came, needs, from_branches(branches) if branches else NOTHING, hint_for("merge"))


def _shaped_by(stop: Stop, end: int) -> tuple[Operation, Shape]:
    """The operation that gave a branch the shape with which it ends, and that shape."""
    shape = stop.steps[end].shape
    for step, before in stop.back(end):
        if before is None or before[1:] != shape[1:]:
            return step.operation, shape
    return stop.steps[end].operation, shape


def _other_width(came: Shape, built: Shape) -> bool:
    return len(came) == len(built) and None not in (came[-1], built[-1]) and came[-1] != built[-1]


def _shared(stop: Stop, layer: Operation, came: Shape) -> Cause:
    needs = shape_in_words((*came[:-1], stop.built[-1] if stop.built else None))
    origin = message(
        "shape.made_for",
        "Its weights were made for {shape}, when it was first called.",
        shape=shape_in_words(stop.built or ()),
    )
    return Cause(
        "shared_layer", layer, into_layer(layer, came, needs), verbatim(needs), origin, hint_for("shared_layer")
    )


def _rank(stop: Stop, layer: Operation, came: Shape, ranks: tuple[int, ...]) -> Cause:
    """A layer that reads another number of axes."""
    rank = min(ranks, key=lambda one: abs(one - len(came)))
    needs = rank_in_words(rank)
    maker = _maker(stop, len(came))
    if maker is not None and maker[1] is not None:
        step, before = maker[0], maker[1]
        code = _of_maker(stop, layer, step)
        origin = made_by(step.operation, before, step.shape)
    else:
        code = _of_input(stop, layer, came, rank)
        origin = _from_the_start(stop, came)
    return Cause(code, layer, into_layer(layer, came, needs), needs, origin, hint_for(code, rank))


def _maker(stop: Stop, rank: int) -> tuple[ShapedOperation, Shape | None] | None:
    """The last step that changed the number of axes to `rank`, with the shape that it reads; None if unknown."""
    if not stop.failure.partial or not stop.ends:
        return None
    found = None
    for step, before in stop.back(stop.ends[0]):
        if len(step.shape) != rank:
            return found
        found = (step, before)
        if before is not None and len(before) != rank:
            return found
    return found


def _of_maker(stop: Stop, layer: Operation, maker: ShapedOperation) -> str:
    """The cause, if an earlier layer changed the number of axes."""
    if maker.kind in _RECURRENT:
        return "return_sequences_missing"
    if layer.kind == "RepeatVector" or maker.kind == "Embedding":
        return "input_rank"
    if maker.kind.startswith(_ONE_ROW):
        return "dense_before_conv" if _dense_between(stop) else "flattened_too_early"
    return "input_rank"


def _of_input(stop: Stop, layer: Operation, came: Shape, rank: int) -> str:
    """The cause, if the input has the wrong number of axes from the start."""
    if stop.failure.method == "build" and came[0] is not None and len(came) == rank - 1:
        return "batch_axis_missing"
    if layer.kind == "RepeatVector" and any(step.kind in _RECURRENT for step in stop.steps):
        return "sequences_returned"
    if len(came) == rank + 1 and (came[1] is None or came[1] >= _MANY):
        return "batch_axis_twice"
    if len(came) == 2 and (rank > 3 or "kernel_size" in layer.settings) and _dense_between(stop):
        return "dense_before_conv"
    return "input_rank"


def _dense_between(stop: Stop) -> bool:
    """Whether a dense layer stands directly on the way to the layer that failed, among those that read rows."""
    for step, before in stop.back(stop.ends[0]) if stop.ends else ():
        if before is None or len(before) > 2:
            return False
        if step.kind == "Dense":
            return True
    return False


def _from_the_start(stop: Stop, came: Shape) -> Message:
    """Whether the input of the network or the data say so."""
    failure, given = stop.failure, data(stop.failure.inputs)
    if given is not None and given.shape is not None and given.shape[1:] == came[1:]:
        return from_data(failure, given)
    return from_input(stop.inputs[0]) if stop.inputs and failure.partial else NOTHING


def _sizes(stop: Stop, layer: Operation, came: Shape) -> Cause | None:
    """A layer that reads as many axes, but not of these sizes."""
    inner = came[1:]
    if layer.kind == "Reshape":
        needs = phrase("as many values as {shape}", shape=shape_in_words((None, *layer.settings["target_shape"])))
        return _of_sizes("reshape_count", stop, layer, came, needs)
    if layer.kind == "Permute":
        needs = phrase("an order that names each axis but the batch once, from 1 on")
        return _of_sizes("axis_order", stop, layer, came, needs)
    if came[-1] is None:
        return _of_sizes("size_unknown", stop, layer, came, phrase("a last axis of known size"))
    if any(name in layer.settings for name in ("kernel_size", "pool_size")):
        start = stop.inputs[0][1:] if stop.inputs and stop.failure.partial else inner
        if len(start) == 3 and start[0] in _CHANNELS and start[-1] is not None and start[-1] > max(_CHANNELS):
            needs = rank_in_words(4)
            return _of_sizes("channels_first", stop, layer, came, needs)
        window = layer.settings.get("kernel_size", layer.settings.get("pool_size"))
        size = "×".join(map(str, window)) if isinstance(window, list) else str(window)
        return _of_sizes("nothing_left", stop, layer, came, phrase("at least {size}", size=size))
    return None


def _of_sizes(code: str, stop: Stop, layer: Operation, came: Shape, needs: Message) -> Cause:
    return Cause(code, layer, into_layer(layer, came, needs), needs, _shrunk_by(stop, came), hint_for(code))


def _shrunk_by(stop: Stop, came: Shape) -> Message:
    """The last layer that changed a size, or the input if none did."""
    if stop.failure.partial and stop.ends:
        for step, before in stop.back(stop.ends[0]):
            if before is None:
                break
            if step.shape[1:-1] != before[1:-1] or len(step.shape) != len(before):
                return made_by(step.operation, before, step.shape)
    return _from_the_start(stop, came)
