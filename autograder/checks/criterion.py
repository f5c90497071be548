"""Whether the criterion of a PyTorch network gets what it expects from the last layer."""

from __future__ import annotations

from autograder.checks.equal_shares import RIGHT, Aspect, missed
from autograder.checks.read_network import architecture_of
from autograder.core.messages import message
from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, UnknownNetwork
from autograder.network.torch.compilation import criterion_of
from autograder.records.evidence import CapturedNetwork

# Layers that may follow the last activation without changing what the outputs mean.
_TRANSPARENT = frozenset({"Flatten", "Reshape", "Dropout"})
_ACTIVATIONS = {"softmax": "Softmax", "sigmoid": "Sigmoid", "log_softmax": "LogSoftmax"}
# What each criterion computes itself, and what it expects before it.
_APPLIES = {"CrossEntropyLoss": "softmax", "BCEWithLogitsLoss": "sigmoid"}
_EXPECTS = {"NLLLoss": "log_softmax", "BCELoss": "sigmoid"}


def fit_of_criterion(captured: CapturedNetwork) -> Aspect:
    """Whether the network ends as its criterion expects: with raw values, probabilities, or their logarithms."""
    try:
        return fit_to_end(criterion_of(captured.compile), architecture_of(captured))
    except Misfitting as error:
        return fit_to_end(criterion_of(captured.compile), error.architecture)
    except UnknownNetwork:
        return RIGHT


def fit_to_end(criterion: str, architecture: Architecture) -> Aspect:
    """The same for a network that is known."""
    operation = architecture.operations[architecture.outputs[0]]
    while operation.kind in _TRANSPARENT and operation.inputs:
        operation = architecture.operations[operation.inputs[0]]
    last = operation.settings.get("activation") if operation.kind == "Activation" else None
    applied, wanted = _APPLIES.get(criterion), _EXPECTS.get(criterion)
    if applied is not None and last in ("softmax", "sigmoid"):
        return missed(
            message(
                "compile.criterion_twice",
                "The network already ends with {activation}, so it gives probabilities; {criterion} expects raw values "
                "and would apply {own} to them.",
                activation=_ACTIVATIONS[str(last)],
                criterion=criterion,
                own=applied,
            ),
            hint=message(
                "hint.not_both", "Either the last layer or the loss turns raw values into probabilities, not both."
            ),
        )
    if wanted is not None and last != wanted:
        return missed(
            message(
                "compile.criterion_expects",
                "{criterion} expects what {activation} gives, but the last layer gives something else.",
                criterion=criterion,
                activation=_ACTIVATIONS[wanted],
            ),
            hint=message(
                "hint.one_of_both", "Either the last layer or the loss has to turn raw values into probabilities."
            ),
        )
    return RIGHT
