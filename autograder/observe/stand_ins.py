"""Inside the kernel: what stands for the modules that a released notebook checks itself with.

A notebook that `autograder release` made, or any other that was made with otter, asks for checks of itself. While it is
graded nobody reads their answers, so they do nothing here: importing otter alone would cost two seconds, and what the
checks need does not lie beside the notebook.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import autograder


class Notebook:
    """`otter.Notebook`, whose methods accept anything and do nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Nothing is looked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _nothing


def install() -> None:
    """Put the stand-ins where `import` finds them."""
    otter = ModuleType("otter", "While a notebook is graded, its own checks do nothing.")
    otter.Notebook = Notebook  # type: ignore[attr-defined]
    live = ModuleType("autograder.live", otter.__doc__)
    live.watch = live.check = _nothing  # type: ignore[attr-defined]
    setattr(autograder, "live", live)  # noqa: B010
    sys.modules |= {"otter": otter, "autograder.live": live}


def _nothing(*_: Any, **__: Any) -> None:
    """What every check says here."""
