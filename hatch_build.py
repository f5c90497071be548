"""What a wheel carries beside the package: what a checkout has next to it (see autograder/core/package_files.py)."""

from __future__ import annotations

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
        if version == "standard":
            build_data["force_include"].update(CARRIED)
