"""Inside the zygote: imports the modules that nearly every notebook of a course on Keras needs.

The second list has the modules that IPython, Keras and matplotlib import on first use; importing them here saves that
time in every kernel. If a version lacks one of these modules, only that time is lost.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys

import keras.datasets  # noqa: F401
import matplotlib.pyplot
import matplotlib_inline.backend_inline  # noqa: F401
import pandas  # noqa: F401
import PIL.Image
import sklearn.metrics
import sklearn.model_selection
import sklearn.preprocessing  # noqa: F401
import tensorflow as tf
from IPython.core.ultratb import AutoFormattedTB

import autograder.observe.kernel  # noqa: F401

_ON_FIRST_USE = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "debugpy.server.api",
    "executing",
    "pure_eval",
    "stack_data",
    "asttokens",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "pygments.styles.default",
    "pexpect",
    "rich._emoji_codes",
    "matplotlib.backends.backend_agg",
    "matplotlib.image",
    "matplotlib._mathtext",
    "tensorflow.python.data.ops.flat_map_op",
    "tensorflow.python.data.ops.from_tensors_op",
    "tensorflow.python.data.ops.range_op",
    "tensorflow.python.data.ops.zip_op",
)


def _rehearse_a_traceback() -> None:
    """Format a traceback: the first one reads the files of all modules into a cache."""
    try:
        raise ValueError
    except ValueError:
        AutoFormattedTB(mode="Context").text(*sys.exc_info())


def _rehearse_a_figure() -> None:
    """Draw a figure and close it: the first one searches for fonts and prepares glyphs, ticks and colours."""
    figure, (left, right) = matplotlib.pyplot.subplots(1, 2)
    left.imshow([[0, 1], [1, 0]], cmap="gray_r")
    right.plot([0.5, 1], label="0123456789 training")
    right.set(title="Accuracy", xlabel="epoch", ylabel="loss")
    right.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    matplotlib.pyplot.close(figure)


for _name in _ON_FIRST_USE:
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
# `tf.keras` is loaded on first use.
_ = tf.keras.layers
PIL.Image.preinit()
_rehearse_a_traceback()
_rehearse_a_figure()
