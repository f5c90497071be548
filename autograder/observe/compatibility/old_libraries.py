"""Inside the kernel: removed names of NumPy, pandas, matplotlib and scikit-learn that courses with Keras 2 used.

They are found only if the installed version does not define them.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import matplotlib.cm
import matplotlib.pyplot
import matplotlib.style
import numpy as np
import pandas
import sklearn.preprocessing

from autograder.observe.compatibility.stand_in_log import note_stand_in

# By the old name: its replacement, and how that is written today.
_OF_NUMPY: Mapping[str, tuple[Any, str]] = {
    **{kind.__name__: (kind, kind.__name__) for kind in (int, float, bool, object, str, complex)},
    "float_": (np.float64, "np.float64"),
    "Inf": (np.inf, "np.inf"),
    "NaN": (np.nan, "np.nan"),
    "product": (np.prod, "np.prod"),
    "cumproduct": (np.cumprod, "np.cumprod"),
    "sometrue": (np.any, "np.any"),
    "alltrue": (np.all, "np.all"),
    "in1d": (np.isin, "np.isin"),
    "asscalar": (lambda array: array.item(), "array.item()"),
}
_MODULES: Mapping[str, str] = {
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.learning_curve": "sklearn.model_selection",
    "sklearn.externals.joblib": "joblib",
    "keras_preprocessing": "keras.preprocessing",
    "keras_preprocessing.image": "keras.preprocessing.image",
    "keras_preprocessing.sequence": "keras.preprocessing.sequence",
    "keras_preprocessing.text": "keras.src.legacy.preprocessing.text",
}
_STYLE = "seaborn-v0_8"


class _OldModules(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname in _MODULES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module, today = ModuleType(spec.name), importlib.import_module(_MODULES[spec.name])
        vars(module).update({key: value for key, value in vars(today).items() if not key.startswith("_")})

        def get(name: str) -> Any:
            """Names that today's module loads on demand; special names such as `__path__` are not forwarded."""
            if name.startswith("__"):
                raise AttributeError(name)
            return getattr(today, name)

        setattr(module, "__getattr__", get)  # noqa: B010
        return module

    def exec_module(self, module: ModuleType) -> None:
        if not module.__name__.endswith("text"):
            note_stand_in("module", module.__name__, _MODULES[module.__name__])


def _numpy() -> None:
    before: Callable[[str], Any] = vars(np)["__getattr__"]

    def get(name: str) -> Any:
        if name not in _OF_NUMPY:
            return before(name)
        value, shown = _OF_NUMPY[name]
        note_stand_in("name", f"np.{name}", shown)
        return value

    setattr(np, "__getattr__", get)  # noqa: B010


def _styles() -> None:
    """`plt.style.use("seaborn-whitegrid")`: matplotlib has renamed its seaborn styles."""

    def today(style: Any) -> Any:
        if isinstance(style, list | tuple):
            return [today(one) for one in style]
        if isinstance(style, str) and style.startswith("seaborn") and style not in matplotlib.style.library:
            new = _STYLE + style.removeprefix("seaborn")
            if new in matplotlib.style.library:
                note_stand_in("name", style, new)
                return new
        return style

    for name in ("use", "context"):
        original = getattr(matplotlib.style, name)

        @functools.wraps(original)
        def call(style: Any, *positional: Any, original: Any = original, **named: Any) -> Any:
            return original(today(style), *positional, **named)

        setattr(matplotlib.style, name, call)


def _tables() -> None:
    """`frame.append(other)` and `frame.as_matrix()`, which pandas has removed; a column of that name comes first."""

    def append(frame: Any, other: Any, ignore_index: bool = False, **named: Any) -> Any:
        rows = pandas.DataFrame([other]) if isinstance(other, dict) else other
        return pandas.concat([frame, *(rows if isinstance(rows, list) else [rows])], ignore_index=ignore_index, **named)

    def as_matrix(frame: Any, columns: Any = None) -> Any:
        return (frame if columns is None else frame[columns]).to_numpy()

    replaced: Mapping[str, tuple[Callable[..., Any], str]] = {
        "append": (append, "pandas.concat"),
        "as_matrix": (as_matrix, "to_numpy"),
    }
    for kind in (pandas.DataFrame, pandas.Series):
        lookup: Callable[[Any, str], Any] = vars(kind).get("__getattr__") or kind.__getattr__

        def get(frame: Any, name: str, lookup: Callable[[Any, str], Any] = lookup) -> Any:
            try:
                return lookup(frame, name)
            except AttributeError:
                if name not in replaced:
                    raise
                function, new = replaced[name]
                note_stand_in("name", f"frame.{name}", new)
                return functools.partial(function, frame)

        setattr(kind, "__getattr__", functools.wraps(lookup)(get))  # noqa: B010


def _encoders() -> None:
    """`OneHotEncoder(sparse=False)`."""
    original = sklearn.preprocessing.OneHotEncoder.__init__

    @functools.wraps(original)
    def begin(encoder: Any, *positional: Any, **named: Any) -> None:
        if "sparse" in named and "sparse_output" not in named:
            named["sparse_output"] = named.pop("sparse")
            note_stand_in("argument", "sparse", "sparse_output")
        original(encoder, *positional, **named)

    sklearn.preprocessing.OneHotEncoder.__init__ = begin


def _colours() -> None:
    if hasattr(matplotlib.cm, "get_cmap"):
        return

    def get_cmap(*positional: Any, **named: Any) -> Any:
        note_stand_in("name", "matplotlib.cm.get_cmap", "matplotlib.pyplot.get_cmap")
        return matplotlib.pyplot.get_cmap(*positional, **named)

    setattr(matplotlib.cm, "get_cmap", get_cmap)  # noqa: B010


def offer_removed_names() -> None:
    """Add the old names so that they are looked up last."""
    sys.meta_path.append(_OldModules())
    _numpy()
    _styles()
    _colours()
    _tables()
    _encoders()
