"""Rules about the end of a network, its loss and its metrics: they read what is written, not how training went."""

from __future__ import annotations

from autograder.checks.diagnosis.rules.facts import CROSSENTROPIES, Facts
from autograder.core.messages import message
from autograder.records.result import Finding

_BOUNDED = frozenset({"softmax", "sigmoid", "hard_sigmoid"})
# With one-hot labels Keras divides the outputs by their sum, so that an exponential at the end is a softmax; the sparse
# cross-entropy cuts them off at 1.
_POSITIVE = _BOUNDED | {"exponential", "softplus"}
_REGRESSION_METRICS = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "root_mean_squared_error",
        "cosine_similarity",
    }
)


def softmax_and_logits(facts: Facts) -> Finding | None:
    """Softmax in the network, and again in a loss with `from_logits=True`.

    Source: NeuraLint (Nikanjam et al., TOSEM 2021), rules 3, 15 and 20; TheDeepChecker, redundant softmax.
    """
    if not (facts.from_logits and facts.last_activation == "softmax"):
        return None
    return Finding(
        message=message(
            "cause.softmax_twice",
            "Softmax is applied twice: your network ends with it, and the loss with `from_logits=True` applies it "
            "again. That flattens the probabilities, and the network learns slowly or not at all.",
        ),
        hint=message(
            "hint.from_logits_says",
            "What does `from_logits` say about the last layer? See `keras.losses`, from_logits.",
        ),
    )


def no_softmax(facts: Facts) -> Finding | None:
    """A cross-entropy that expects probabilities, after an output that may be negative or 0.

    Source: UMLAUT (Schoop et al., CHI 2021), "missing softmax layer before loss"; NeuraLint, rules 8 and 12. Looked up
    in the network, where UMLAUT looks for the word in the name of the last layer.
    """
    if facts.compilation is None or facts.compilation.loss.name not in CROSSENTROPIES or facts.compilation.problem:
        return None
    fitting = _BOUNDED if facts.compilation.loss.name.startswith("sparse_") else _POSITIVE
    if facts.from_logits or facts.last_activation in fitting:
        return None
    return Finding(
        message=message(
            "cause.no_softmax",
            "Your loss expects probabilities, but your network ends with plain numbers, which need not lie "
            "between 0 and 1 nor add up to 1.",
        ),
        hint=message(
            "hint.probabilities",
            "Either the network makes probabilities of them at its end, or the loss is told that it gets none. See "
            "`keras.losses`, from_logits.",
        ),
    )


def loss_and_labels(facts: Facts) -> Finding | None:
    """One-hot labels with a sparse loss, or whole numbers with one that expects one-hot rows.

    Source: AutoTrainer (Zhang et al., ICSE 2021), loss issue; UMLAUT; Keras' own shape check does not see every case.
    """
    if facts.classes < 3 or facts.compilation is None or facts.one_hot is None:
        return None
    if facts.compilation.loss.name not in CROSSENTROPIES:
        return None
    if facts.compilation.loss.name.startswith("sparse_") != facts.one_hot:
        return None
    sentence = message(
        "cause.labels_whole",
        "Your loss does not fit your labels: it expects one-hot rows, and you gave `fit` one whole number for each "
        "image.",
    )
    if facts.one_hot:
        sentence = message(
            "cause.labels_one_hot",
            "Your loss does not fit your labels: it expects one whole number for each image, and you gave `fit` "
            "rows of zeros with a one (one-hot).",
        )
    hint = message(
        "hint.two_losses", "There are two losses of nearly the same name for the two ways of writing labels."
    )
    return Finding(message=sentence, hint=hint)


def metric_fits(facts: Facts) -> Finding | None:
    """None of the metrics is an accuracy of a classifier with these labels.

    Source: Humbatova et al., Taxonomy of Real Faults (ICSE 2020), missing or wrong metrics; UMLAUT, wrong loss and
    metric pairs. With ten classes, binary accuracy is 0.9 for a network that never answers.
    """
    if facts.classes < 3 or facts.compilation is None or not facts.compilation.metrics or facts.compilation.problem:
        return None
    odd = [name for name in facts.compilation.metrics if _misleads(name, facts.one_hot)]
    if not odd or "accuracy" in facts.compilation.metrics or len(odd) < len(facts.compilation.metrics):
        return None
    return Finding(
        message=message(
            "cause.metric_misleads",
            "The metric `{metric}` does not say how many images your network gets right.",
            metric=odd[0],
        ),
        hint=message(
            "hint.which_accuracy",
            "What is predicted here is one class out of several. See `keras.metrics`: which of the accuracies "
            "fits your labels?",
        ),
    )


def _misleads(name: str, one_hot: bool | None) -> bool:
    if name in _REGRESSION_METRICS or name == "binary_accuracy":
        return True
    if name == "categorical_accuracy":
        return one_hot is False
    return name == "sparse_categorical_accuracy" and one_hot is True
