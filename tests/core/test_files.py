from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.core.files import replacing, write_atomically


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "page.html"
    write_atomically(path, "Größe\r\n")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(path.parent) == ["page.html"]


def test_text_is_utf8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", "ü\r\n\n")
    assert (tmp_path / "x").read_bytes() == b"\xc3\xbc\r\n\n"


def test_a_failure_half_way_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("before")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["x"]


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "x", "")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("untouched")
    (tmp_path / "x").symlink_to(tmp_path / "other")
    write_atomically(tmp_path / "x", "new")
    assert (tmp_path / "other").read_text() == "untouched"


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 100 + ".html")
    write_atomically(path, "x")
    assert path.read_text() == "x"


@pytest.mark.parametrize("name", ["folder", "file/x", "file/deep/x"])
def test_a_place_that_takes_no_file_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=f"{name} cannot be written .*: name another place for it"):
        write_atomically(tmp_path / name, "x")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]
