"""Grades Jupyter notebooks in which students build Keras networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__", "check", "grade", "load_results", "regrade"]

if TYPE_CHECKING:
    from autograder.api import check, grade, load_results, regrade

    __version__: str
else:
    # Imported when they are used first, so that a command answers at once.
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "__version__":
            from importlib.metadata import version

            found = version("keras-autograder")
        else:
            from autograder import api

            found = getattr(api, name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
