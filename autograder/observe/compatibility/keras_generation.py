"""What Keras 1 and 2 had, by name alone; and whether a notebook is written for Keras 1, read off its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Methods that networks had up to Keras 2, and have again where names of old are understood.
METHODS = frozenset(("fit_generator", "evaluate_generator", "predict_generator", "predict_classes", "predict_proba"))
# Arguments that Keras 1 had and no later one; as keyword arguments, because later notebooks keep variables like these.
_ARGUMENTS = (
    "nb_epoch",
    "nb_filter",
    "nb_row",
    "nb_col",
    "border_mode",
    "subsample",
    "dim_ordering",
    "samples_per_epoch",
    "nb_val_samples",
    "W_regularizer",
)
_CALLED = re.compile(rf"[(,]\s*(?:{'|'.join(_ARGUMENTS)})\s*=(?!=)")
_COMMENT = re.compile(r"(?m)^\s*#.*$")
_READ = 200_000


def is_keras_1(sources: Sequence[str]) -> bool:
    """Whether one of the code cells calls something as only Keras 1 was called."""
    return any(_CALLED.search(_COMMENT.sub("", source[:_READ])) for source in sources)
