"""Recurrent layers, the cells of an RNN layer, and Bidirectional."""

from __future__ import annotations

from math import prod

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network import activations
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.convolution import sliding
from autograder.network.layers.fields import BIAS, COMMON, NOT, ORTHOGONAL, REGULARIZED, SHARE, UNITS, weights
from autograder.network.layers.reading import inner_config, read_settings, refuse_unknown
from autograder.network.layers.record import LAYERS, Config, Family, Field, Fields, Layer, add, measure
from autograder.network.shapes import Formula, Measured, Settings, known, need_rank, window
from autograder.network.values import UnknownNetwork, boolean, choice, integer, read_list, shown_value

RECURRENT = Family(gettext_noop("a recurrent layer"), "recurrent")

_GATE = Field(activations.name_only, "sigmoid")
_RUNNING: Fields = {
    "return_sequences": Field(boolean, False),
    "go_backwards": Field(boolean, False),
}
_STATES: Fields = {
    "return_state": NOT,
    "stateful": NOT,
    "zero_output_for_mask": NOT,
    "unroll": Field(boolean, False, kept=False),
}
_MOST_CELLS = 16
_CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}


def _fields(first: Fields, **more: Field) -> Fields:
    return {
        **first,
        "activation": Field(activations.name_only, "tanh"),
        "use_bias": BIAS,
        **_RUNNING,
        "dropout": SHARE,
        "recurrent_dropout": SHARE,
        **_STATES,
        **REGULARIZED,
        **more,
        **weights("kernel", "recurrent", "bias", recurrent=ORTHOGONAL),
    }


def _recurrent(gates: int) -> Formula:
    def formula(settings: Settings, shape: Shape) -> Measured:
        need_rank(shape, 3, RECURRENT.words)
        units, features = settings["units"], known(shape[-1], RECURRENT.words)
        biases = settings["use_bias"] * (2 if settings.get("reset_after") else 1)
        count = gates * units * (features + units + biases)
        steps = (shape[1],) if settings["return_sequences"] else ()
        return Measured((shape[0], *steps, units), count, count)

    return formula


def _conv_lstm(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    need_rank(shape, len(kernel) + 3, f"ConvLSTM{len(kernel)}D")
    channels = known(shape[-1], RECURRENT.words)
    spatial = (
        window(
            shape[axis + 2],
            (extent - 1) * settings["dilation_rate"][axis] + 1,
            settings["strides"][axis],
            settings["padding"],
        )
        for axis, extent in enumerate(kernel)
    )
    count = 4 * filters * (prod(kernel) * (channels + filters) + settings["use_bias"])
    steps = (shape[1],) if settings["return_sequences"] else ()
    return Measured((shape[0], *steps, *spatial, filters), count, count)


def _bidirectional(settings: Settings, shape: Shape) -> Measured:
    layer = settings["layer"]
    one = measure(layer["class_name"], {**layer["config"], "trainable": True}, (shape,))
    width = 2 if settings["merge_mode"] == "concat" else 1
    return Measured((*one.shape[:-1], (one.shape[-1] or 0) * width), 2 * one.parameters, 2 * one.trainable)


def _read_bidirectional(config: Config, depth: int) -> list[Applied]:
    refuse_unknown("Bidirectional", config, COMMON | {"layer", "backward_layer", "merge_mode"})
    forward, backward = (_one_direction(config.get(key)) for key in ("layer", "backward_layer"))
    turned = {**forward.settings, "go_backwards": not forward.settings["go_backwards"]}
    if backward != Applied(forward.kind, turned):
        raise UnknownNetwork(phrase("its backward layer is not the forward layer turned round"))
    settings = {
        "layer": {"class_name": forward.kind, "config": forward.settings},
        "merge_mode": choice("concat", "sum", "mul", "ave")(config.get("merge_mode", "concat")),
        "trainable": boolean(config.get("trainable", True)),
    }
    return [Applied("Bidirectional", settings)]


def _one_direction(value: object) -> Applied:
    class_name, config = inner_config(value)
    if class_name not in ("LSTM", "GRU", "SimpleRNN"):
        raise UnknownNetwork(phrase("it wraps a layer other than LSTM, GRU and SimpleRNN"))
    config.pop("zero_output_for_mask", None)  # the wrapper sets it on both
    return Applied(class_name, read_settings(LAYERS[class_name], config))


def _read_rnn(config: Config, depth: int) -> list[Applied]:
    """An RNN layer is the recurrent layer of its cell; stacked cells become one layer each."""
    refuse_unknown("RNN", config, COMMON | _RUNNING.keys() | _STATES.keys() | {"cell"})
    running = {key: value for key, value in config.items() if key in _RUNNING or key in _STATES}
    class_name, inner = inner_config(config.get("cell"))
    if class_name == "StackedRNNCells":
        refuse_unknown(class_name, inner, COMMON | {"cells"})
        cells = [inner_config(cell) for cell in read_list(inner.get("cells"), _MOST_CELLS)]
    else:
        cells = [(class_name, inner)]
    found = []
    for place, (name, cell) in enumerate(cells):
        if name not in _CELLS:
            raise UnknownNetwork(phrase("it is made of {name}, which is not a cell of Keras", name=shown_value(name)))
        frozen = {"trainable": boolean(config.get("trainable", True)) and boolean(cell.get("trainable", True))}
        given = {**cell, **running, **frozen}
        if place < len(cells) - 1:
            given["return_sequences"] = True
        if place:
            given["go_backwards"] = False  # the first layer outputs its steps in the order in which it ran
        refuse_unknown(name, cell, LAYERS[_CELLS[name]].fields.keys() - running.keys() | COMMON)
        found.append(Applied(_CELLS[name], read_settings(LAYERS[_CELLS[name]], given)))
    if not found:
        raise UnknownNetwork(phrase("it has no cells"))
    return found


def _read_cell(config: Config, depth: int) -> list[Applied]:
    raise UnknownNetwork(phrase("a cell is a part of an RNN layer and does not stand alone"))


_WIDE: Fields = {"units": UNITS}
add(
    Layer(
        "LSTM",
        RECURRENT,
        _fields(_WIDE, recurrent_activation=_GATE, unit_forget_bias=Field(boolean, True)),
        _recurrent(4),
        weighted=True,
    ),
    Layer(
        "GRU",
        RECURRENT,
        _fields(_WIDE, recurrent_activation=_GATE, reset_after=Field(boolean, True)),
        _recurrent(3),
        weighted=True,
    ),
    Layer("SimpleRNN", RECURRENT, _fields(_WIDE), _recurrent(1), weighted=True),
    Layer("Bidirectional", RECURRENT, measure=_bidirectional, weighted=True, read=_read_bidirectional),
    Layer("RNN", RECURRENT, read=_read_rnn),
    *(Layer(name, RECURRENT, read=_read_cell) for name in (*_CELLS, "StackedRNNCells")),
    *(
        Layer(
            f"ConvLSTM{n}D",
            RECURRENT,
            _fields(
                {"filters": Field(integer(1), ...), **sliding(n)},
                recurrent_activation=_GATE,
                unit_forget_bias=Field(boolean, True),
            ),
            _conv_lstm,
            weighted=True,
        )
        for n in (1, 2, 3)
    ),
)
