"""Inside the kernel: stand-ins for the modules with which a released notebook checks itself.

A notebook made by `autograder release`, or otherwise with otter, runs checks on itself. Grading does not use their
results, so they do nothing here: importing otter alone would take two seconds, and the files that the checks need are
not next to the notebook.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class Notebook:
    """`otter.Notebook`, whose methods accept anything and do nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Accept any arguments; no test files are searched for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _nothing


class TestCase:
    """A stand-in for the decorator `otter.test_files.test_case`: keeps the function. Points are read elsewhere."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.function: Callable[..., Any] = lambda: None

    def __call__(self, function: Callable[..., Any]) -> TestCase:
        self.function = function
        return self

    def call(self, variables: dict[str, Any]) -> None:
        """Call the function with the variables that its parameters name; `env` is all of them."""
        names = inspect.signature(self.function).parameters
        self.function(**{name: variables if name == "env" else variables.get(name) for name in names})


def replace_selfchecks() -> None:
    """Register the stand-ins in `sys.modules`."""
    words = "While a notebook is graded, its own checks do nothing."
    otter, files = (ModuleType(name, words) for name in ("otter", "otter.test_files"))
    vars(otter).update(Notebook=Notebook, test_files=files, __path__=[])
    vars(files).update(test_case=TestCase)
    sys.modules.update({module.__name__: module for module in (otter, files)})
    for name in ("selfcheck", "live"):  # notebooks released before version 0.2 import the second
        module = ModuleType(f"autograder.{name}", words)
        vars(module).update(watch=_nothing, check=_nothing)
        setattr(sys.modules["autograder"], name, module)
        sys.modules[module.__name__] = module


def _nothing(*_: Any, **__: Any) -> None:
    """The result of every check here: none."""
