"""Wheels made in a test, and an assignment that names them: nothing is fetched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.assignment import Assignment, load
from autograder.core.wheel import zipped

ROOT = Path(__file__).parents[1]


def wheel(folder: Path, name: str, files: dict[str, str], *, requires: tuple[str, ...] = ()) -> Path:
    """A pure-Python wheel of version 1.0 with these files."""
    info = f"{name}-1.0.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*contents, f"{info}/RECORD"))
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(zipped({path: content.encode() for path, content in contents.items()}))
    return path


def offline(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Let pip find wheels in `folder`/wheels only, and let what is kept be kept in `folder`; the folder of wheels."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
    (folder / "wheels").mkdir()
    return folder / "wheels"


def assignment_with(folder: Path, *packages: str) -> Assignment:
    """A copy of cnn2 in `folder` that names these packages."""
    shutil.copytree(ROOT / "assignments" / "cnn2", folder / "cnn2", dirs_exist_ok=True)
    shutil.copy(ROOT / "solutions" / "cnn2" / "cnn2.ipynb", folder / "solution.ipynb")
    file = folder / "cnn2" / "assignment.toml"
    text = (ROOT / "assignments" / "cnn2" / "assignment.toml").read_text(encoding="utf-8")
    text = text.replace("../../solutions/cnn2/cnn2.ipynb", "../solution.ipynb")
    listed = ", ".join(f'"{one}"' for one in packages)
    file.write_text(f"{text}\n[environment]\npackages = [{listed}]\n", encoding="utf-8")
    return load(str(file))
