"""What a wheel carries beside the package: what a checkout has next to it (see autograder/core/package_files.py).

Files that an assignment declares as hidden are in no wheel, and no source archive is made that would have one.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "assignments": "autograder/_samples/assignments",
    "solutions": "autograder/_samples/solutions",
    "requirements.lock": "autograder/requirements.lock",
}


class SamplesBuildHook(BuildHookInterface):
    """Adds them to a wheel; an editable install runs from the checkout and finds them there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root).resolve()
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"].update(carried(root))
        if self.target_name == "sdist":
            for path in sorted(hidden_files(root)):
                name = path.relative_to(root).as_posix()
                if self.build_config.include_path(name):
                    raise ValueError(
                        f"{name} is declared as hidden: name it in .gitignore, so that nobody receives it."
                    )


def carried(root: Path) -> dict[str, str]:
    """The files for a wheel, and their paths in it."""
    hidden = hidden_files(root)
    return {
        str(path): f"{place}{path.as_posix().removeprefix((root / name).as_posix())}"
        for name, place in CARRIED.items()
        for path in sorted([root / name, *(root / name).rglob("*")])
        if path.is_file() and path.resolve() not in hidden and "__pycache__" not in path.parts
    }


def hidden_files(root: Path) -> set[Path]:
    """The files below the assignments that one of them declares as hidden."""
    found: set[Path] = set()
    for file in sorted((root / "assignments").glob("*/assignment.toml")):
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("datasets", {})
        for path in (file.parent / table["hidden"] for table in tables.values() if "hidden" in table):
            found |= {one.resolve() for one in (path, *path.rglob("*")) if one.is_file()}
    return {path for path in found if path.is_relative_to(root)}
