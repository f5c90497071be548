"""The versions a result was made with, read from installed metadata so that nothing heavy is imported."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

RECORDED = ("keras", "tensorflow", "numpy", "nbclient", "ipykernel")


@cache
def versions() -> dict[str, str]:
    """Package name to version, including `python` and `autograder`; packages that are not installed are left out."""
    found = {"autograder": version("keras-autograder"), "python": platform.python_version()}
    for name in RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
