"""Names of Keras 1 and 2, and detection of notebooks for Keras 1 from their text."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Methods that networks had up to Keras 2, and have again where old names are supported.
METHODS = frozenset(("fit_generator", "evaluate_generator", "predict_generator", "predict_classes", "predict_proba"))
# Arguments that only Keras 1 had. They are matched as keyword arguments, as later notebooks have variables like these.
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
# Methods removed after Keras 2.5. Up to Keras 2.3, the package `keras` also accepted the arguments of Keras 1;
# `tf.keras` never did.
_METHODS_GONE = re.compile(r"\.predict_(?:classes|proba)\(")
_PACKAGE = re.compile(r"(?m)^\s*(?:from|import)\s+keras\b")
_OF_TENSORFLOW = re.compile(r"\btensorflow\.keras\b|\btf\.keras\b|from\s+tensorflow\s+import\s+[^\n]*\bkeras\b")
_COMMENT = re.compile(r"(?m)^\s*#.*$")
_READ = 200_000


def is_keras_1(sources: Sequence[str]) -> bool:
    """Whether a code cell contains a call that only Keras 1, or a Keras 2 that accepts its arguments, supports."""
    read = [_COMMENT.sub("", source[:_READ]) for source in sources]
    if any(_CALLED.search(source) for source in read):
        return True
    package = any(_PACKAGE.search(source) for source in read)
    of_tensorflow = any(_OF_TENSORFLOW.search(source) for source in read)
    return package and not of_tensorflow and any(_METHODS_GONE.search(source) for source in read)
