"""Writes a network as lines of Keras code."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.network.architecture import Architecture, Operation
from autograder.network.layers import LAYERS, Field

LayerSettings = Mapping[str, Any]

_FOR_LEARNING = ("_initializer", "_regularizer", "_constraint")


class NotWritable(ValueError):
    """The network cannot be written as plain layers one after the other; the message says why."""


@dataclass(frozen=True)
class LayerCode:
    """The code of one layer and the name of its row."""

    label: str
    code: str


def layer_codes(architecture: Architecture) -> tuple[tuple[int | None, ...], list[LayerCode]]:
    """The input shape (without the batch axis) and the code of every layer, in order.

    An activation that belongs to another layer's row becomes that layer's `activation` argument.

    Raises:
        NotWritable: the network has branches, or a layer with settings that have no plain spelling here.
    """
    if not architecture.is_chain or architecture.operations[0].kind != "Input":
        raise NotWritable("it has branches, or more than one input")
    codes: list[LayerCode] = []
    for operation in architecture.operations[1:]:
        if operation.kind == "Activation" and codes and codes[-1].label == operation.label:
            fused = f"{codes[-1].code[:-1]}, activation={_activation(operation)})"
            codes[-1] = LayerCode(operation.label, fused)
        else:
            codes.append(LayerCode(operation.label, _call(operation)))
    return tuple(architecture.operations[0].settings["shape"]), codes


def graph_codes(architecture: Architecture, taken: frozenset[str]) -> tuple[LayerCode, ...]:
    """The lines of a network with branches, in Keras' functional style; the last line puts it into `model`.

    Each layer's output is a variable that is called like the layer; inputs and outputs keep their layers' names.

    Args:
        taken: names of variables that the code may not assign.

    Raises:
        NotWritable: a layer is used twice, or has settings that have no plain spelling here.
    """
    codes: list[LayerCode] = []
    variables: list[str] = []
    operations = architecture.operations
    for operation in operations:
        if operation.shares is not None:
            raise NotWritable(f"{operation.label} is used twice")
        reads = [variables[one] for one in operation.inputs]
        variable = _variable(operation.label, taken | {"model"})
        if operation.kind == "Activation" and operations[operation.inputs[0]].label == operation.label:
            line = next(at for at, code in enumerate(codes) if code.label == operation.label)
            made, _, rest = codes[line].code.rpartition(")(")
            codes[line] = LayerCode(operation.label, f"{made}, activation={_activation(operation)})({rest}")
        elif operation.kind == "Input":
            shape = tuple(operation.settings["shape"])
            line_of = f'{variable} = keras.Input(shape={shape}, name="{operation.label}")'
            codes.append(LayerCode(operation.label, line_of))
        else:
            codes.append(LayerCode(operation.label, f"{variable} = {_call(operation)}({_one_or_list(reads)})"))
        variables.append(variable)
    ends = {operations[one].label for one in architecture.outputs}
    codes = [_named(code) if code.label in ends else code for code in codes]
    inputs = _one_or_list([variables[at] for at, one in enumerate(operations) if one.kind == "Input"])
    outputs = _one_or_list([variables[one] for one in architecture.outputs])
    return (*codes, LayerCode("model", f"model = keras.Model(inputs={inputs}, outputs={outputs})"))


def _one_or_list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _variable(label: str, taken: frozenset[str]) -> str:
    name = re.sub(r"\W", "_", label, flags=re.ASCII)
    name = f"_{name}" if name[:1].isdigit() else name
    return f"{name}_" if name in taken or keyword.iskeyword(name) else name


def _named(code: LayerCode) -> LayerCode:
    made, _, rest = code.code.rpartition(")(")
    return LayerCode(code.label, f'{made}, name="{code.label}")({rest}')


def _call(operation: Operation) -> str:
    if operation.kind == "Activation":
        return f"layers.Activation({_activation(operation)})"
    return _layer(operation.kind, operation.settings)


def _activation(operation: Operation) -> str:
    if set(operation.settings) != {"activation"}:
        raise NotWritable(f"{operation.label} is an activation with settings of its own")
    return f'"{operation.settings["activation"]}"'


def _layer(kind: str, settings: LayerSettings) -> str:
    """A layer with its required settings, and those that differ from Keras' defaults.

    What matters only for learning (initializers, regularizers, constraints) is left out.
    """
    known = LAYERS[kind]
    if any(settings[name] != field.default for name, field in known.call.items()):
        raise NotWritable(f"a layer of the kind {kind} is called with settings of its own")
    first = known.positional or tuple(name for name, field in known.fields.items() if field.default is ...)
    words = [_layer(settings["layer"]["class_name"], settings["layer"]["config"])] if "layer" in settings else []
    words += [_value(known.fields[name], settings[name]) for name in first]
    for name, field in known.fields.items():
        sentence = field.kept and name in settings and name not in first and not name.endswith(_FOR_LEARNING)
        if sentence and not _is_usual(name, field, settings):
            words.append(f"{name}={_value(field, settings[name])}")
    words += [f"{name}={settings[name]!r}" for name in ("merge_mode",) if settings.get(name, "concat") != "concat"]
    return f"layers.{kind}({', '.join([*words, *(['trainable=False'] if settings.get('trainable') is False else [])])})"


def _is_usual(name: str, field: Field, settings: LayerSettings) -> bool:
    """Whether a setting has Keras' default; the default strides of pooling are the pool's size."""
    usual = settings["pool_size"] if name == "strides" and "pool_size" in settings else field.default
    return bool(settings[name] == usual)


def _value(field: Field, value: Any) -> str:
    """A value as people write it: one number where all axes have the same size."""
    if isinstance(value, list):
        return repr(value[0]) if field.spread and len(set(value)) == 1 else repr(_tuples(value))
    return f'"{value}"' if isinstance(value, str) and value.isidentifier() else repr(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
