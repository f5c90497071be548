"""Where PyTorch's habits differ from Keras': what the criterion computes, and how images enter a network.

In PyTorch a classifier usually gives raw values, and the criterion applies the softmax; in Keras the last layer does. A
network is brought into the form of the expected one where its criterion makes both the same. What is wrong stays: a
softmax before CrossEntropyLoss would be applied twice.
"""

from __future__ import annotations

from typing import Any

from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation
from autograder.network.torch.words import torch_name

# Ends of a network that compute the same together with their criterion, and what each tells the loss to expect.
_CLASSES = {"": True, "log_softmax": True, "softmax": False}
_YES_OR_NO = {"": True, "sigmoid": False}
_EQUAL: dict[tuple[str, str], dict[str, bool]] = {
    ("CrossEntropyLoss", ""): _CLASSES,
    ("CrossEntropyLoss", "log_softmax"): _CLASSES,
    ("NLLLoss", "log_softmax"): _CLASSES,
    ("BCEWithLogitsLoss", ""): _YES_OR_NO,
    ("BCELoss", "sigmoid"): _YES_OR_NO,
    # No criterion was used yet, so it is not known what comes after the raw values.
    ("", ""): {**_CLASSES, **_YES_OR_NO},
    ("", "log_softmax"): _CLASSES,
    # A network of Keras where the solution is one of PyTorch: its crossentropy reads probabilities.
    ("crossentropy", "softmax"): _CLASSES,
}
_ENDS = frozenset({"softmax", "sigmoid", "log_softmax"})


def with_criterion(
    architecture: Architecture, criterion: str, compilation: Compilation, expected: Architecture | None
) -> tuple[Architecture, Compilation]:
    """Network and compilation with the same end as the expected network, if the criterion makes them the same.

    Args:
        architecture: the student's.
        criterion: the class of the criterion; "" if none was used, or none that is known.
        compilation: as read from it.
        expected: the network that is asked for, if any.
    """
    if expected is None or len(architecture.outputs) != 1 or len(expected.outputs) != 1:
        return architecture, compilation
    last, wanted = _last(architecture), _last(expected)
    equal = _EQUAL.get((criterion, last), {})
    if wanted not in equal or wanted == last:
        return architecture, compilation
    settings = compilation.loss.settings
    if "from_logits" in settings:
        loss = compilation.loss.model_copy(update={"settings": {**settings, "from_logits": equal[wanted]}})
        compilation = compilation.model_copy(update={"loss": loss})
    return _ending_with(architecture, wanted, criterion), compilation


def ends_with_probabilities(architecture: Architecture) -> bool:
    """Whether the network ends with softmax or sigmoid."""
    return _last(architecture) in ("softmax", "sigmoid")


def keras_with_criterion(
    architecture: Architecture, compilation: Compilation, expected: Architecture
) -> tuple[Architecture, Compilation]:
    """The same for a network of Keras where the expected one is of PyTorch.

    Args:
        architecture: the student's.
        compilation: as read from `compile`, or what Keras takes if it was not called.
        expected: the network that is asked for.
    """
    name, settings = compilation.loss.name, compilation.loss.settings
    if not name.endswith("crossentropy"):
        return architecture, compilation
    raw = bool(settings.get("from_logits", False))
    criterion = "CrossEntropyLoss" if raw else "crossentropy"
    if name == "binary_crossentropy" or _last(architecture) == "sigmoid":
        criterion = "BCEWithLogitsLoss" if raw else "BCELoss"
    said = compilation.loss.model_copy(update={"settings": {**settings, "from_logits": raw}})
    return with_criterion(architecture, criterion, compilation.model_copy(update={"loss": said}), expected)


def _last(architecture: Architecture) -> str:
    """The activation at the end; "" if there is none."""
    operation = architecture.operations[architecture.outputs[0]]
    activation = operation.settings.get("activation") if operation.kind == "Activation" else None
    return activation if isinstance(activation, str) and activation in _ENDS else ""


def _ending_with(architecture: Architecture, activation: str, criterion: str) -> Architecture:
    """The network with that activation at its end, in the place of the one that is there; "" for none."""
    end, operations = architecture.outputs[0], list(architecture.operations)
    label = criterion or activation
    if _last(architecture):
        label = operations[end].label
        # Nothing reads the end, so it is the last operation of all.
        (end,) = operations.pop(end).inputs
    if not activation:
        return Architecture(operations=tuple(operations), outputs=(end,))
    operation = Operation(kind="Activation", settings={"activation": activation}, inputs=(end,), label=label)
    operation = operation.model_copy(update={"shown": torch_name(operation)})
    return Architecture(operations=(*operations, operation), outputs=(len(operations),))


def with_input_of(expected: Architecture | None, architecture: Architecture) -> Architecture:
    """The network with its images in the form in which the expected one reads them.

    PyTorch's data sets give images with one channel, (1, 28, 28), which a network flattens itself; a solution may read
    (28, 28) or 784 values. Only an input that is flattened at once is changed, so nothing else is.
    """
    if expected is None or not expected.operations or not architecture.operations:
        return architecture
    theirs, ours = architecture.operations[0], expected.operations[0]
    if theirs.kind != "Input" or ours.kind != "Input" or theirs.settings == ours.settings:
        return architecture
    readers = [place for place, one in enumerate(architecture.operations) if 0 in one.inputs]
    flat = len(readers) == 1 and architecture.operations[readers[0]].kind == "Flatten" and readers[0] == 1
    if not flat or _values(theirs.settings["shape"]) != _values(ours.settings["shape"]):
        return architecture
    first = theirs.model_copy(update={"settings": ours.settings})
    if len(ours.settings["shape"]) > 1:
        return architecture.model_copy(update={"operations": (first, *architecture.operations[1:])})
    operations = (first, *(_earlier(one) for one in architecture.operations[2:]))
    return Architecture(operations=operations, outputs=tuple(max(end - 1, 0) for end in architecture.outputs))


def _earlier(operation: Operation) -> Operation:
    """The operation after the second one was left out."""
    shares = operation.shares
    return operation.model_copy(
        update={
            "inputs": tuple(max(place - 1, 0) for place in operation.inputs),
            "shares": None if shares is None else shares - 1,
        }
    )


def _values(shape: Any) -> int | None:
    total = 1
    for size in shape:
        if size is None:
            return None
        total *= size
    return total
