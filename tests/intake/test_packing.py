"""However students pack their work: zips in zips, names of browsers and of other code pages, copies and handouts."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from autograder.intake import Intake, IntakeError, UnreadableSubmission, read_submissions
from autograder.intake.submission import NOTHING_HANDED_IN


def notebook(*sources: str) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


HANDOUT = notebook("import keras", "model = ...")
WORKED = notebook("import keras", "model = keras.Sequential()")
OTHER = notebook("import keras", "model = None")


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def given(tmp_path: Path, members: dict[str, bytes]) -> Intake:
    path = tmp_path / f"class{len(list(tmp_path.iterdir()))}.zip"
    path.write_bytes(zipped(members))
    return read_submissions(path, "cnn2.ipynb", HANDOUT)


def chosen(intake: Intake) -> dict[str, str]:
    return {one.student: one.submission for one in intake.submissions if not one.problem}


def problems(intake: Intake) -> dict[str, str]:
    return {one.student: one.problem.code for one in intake.submissions if one.problem}


def reasons(intake: Intake) -> dict[str, str]:
    return {one.path: one.reason for one in intake.ignored}


def test_a_students_zip_is_opened_on_every_platform(tmp_path: Path) -> None:
    packed = zipped({"cnn2/cnn2.ipynb": WORKED, "__MACOSX/cnn2/._cnn2.ipynb": b"x", "cnn2/data.csv": b""})
    canvas = given(tmp_path, {"doejane_1_2_cnn2.zip": packed, "raybob_3_4_cnn2.ipynb": WORKED})
    moodle = given(tmp_path, {"Jane Doe_1_assignsubmission_file/cnn2.zip": packed})
    plain = given(tmp_path, {"jane.zip": packed, "bob.ipynb": WORKED})
    assert chosen(canvas)["doejane (1)"] == "doejane_1_2_cnn2.zip/cnn2/cnn2.ipynb"
    assert chosen(moodle) == {"Jane Doe (1)": "Jane Doe_1_assignsubmission_file/cnn2.zip/cnn2/cnn2.ipynb"}
    assert chosen(plain) == {"jane": "jane.zip/cnn2/cnn2.ipynb", "bob": "bob.ipynb"}
    assert {one.read() for intake in (canvas, moodle, plain) for one in intake.submissions} == {WORKED}
    assert reasons(plain)["jane.zip/__MACOSX"] == "a hidden file or folder"


def test_two_levels_of_zips_are_opened_and_a_third_waits_for_a_person(tmp_path: Path) -> None:
    two = zipped({"inner.zip": zipped({"cnn2.ipynb": WORKED})})
    intake = given(tmp_path, {"ann/a.zip": two, "ben/b.zip": zipped({"more.zip": two}), "carl/cnn2.ipynb": WORKED})
    assert chosen(intake) == {"ann": "ann/a.zip/inner.zip/cnn2.ipynb", "carl": "carl/cnn2.ipynb"}
    assert intake.submissions[0].read() == WORKED
    assert problems(intake) == {"ben": "submission.archive_not_opened"}


def test_a_download_that_lies_in_a_folder_is_read_as_the_class(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "submissions.zip").write_bytes(zipped({"doejane_1_2_cnn2.ipynb": WORKED}))
    assert set(chosen(read_submissions(tmp_path / "f"))) == {"doejane (1)"}
    (tmp_path / "f" / "submissions.zip").write_bytes(zipped({"ann.ipynb": WORKED, "ben.ipynb": OTHER}))
    assert set(chosen(read_submissions(tmp_path / "f"))) == {"ann", "ben"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cnn2.zip", b"PK\x03\x04 and no more", "submission.damaged"),
        ("cnn2.zip", zipped({}), "submission.empty_archive"),
        ("cnn2.7z", b"7z\xbc\xaf'\x1c", "submission.packing"),
        ("cnn2.tar.gz", b"\x1f\x8b", "submission.packing"),
        ("cnn2.zip", zipped({"bomb.ipynb": b"0" * (60 * 2**20)}), "submission.bomb"),
        ("cnn2.html", b"<html>", "submission.only_files"),
    ],
)
def test_what_cannot_be_opened_waits_for_a_person_and_is_not_the_same_as_nothing(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    moodle = given(tmp_path, {f"Jane Doe_1_assignsubmission_file/{name}": content})
    assert problems(moodle) == {"Jane Doe (1)": code}
    assert code not in NOTHING_HANDED_IN
    plain = given(tmp_path, {name: content, "bob.ipynb": WORKED})
    assert chosen(plain) == {"bob": "bob.ipynb"}
    assert len(problems(plain)) == (0 if name == "cnn2.html" else 1)


def test_an_encrypted_zip_in_a_zip_is_its_students_problem(tmp_path: Path) -> None:
    packed = bytearray(zipped({"cnn2.ipynb": WORKED}))
    packed[6] |= 1
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    intake = given(tmp_path, {"ann/cnn2.zip": bytes(packed), "ben/cnn2.ipynb": WORKED})
    assert problems(intake) == {"ann": "submission.encrypted"}


def test_a_zip_beside_a_notebook_is_only_listed(tmp_path: Path) -> None:
    intake = given(tmp_path, {"ann/cnn2.ipynb": WORKED, "ann/data.rar": b"", "ann/d.zip": zipped({"x.csv": b""})})
    assert chosen(intake) == {"ann": "ann/cnn2.ipynb"}
    assert "an archive that was not opened" in reasons(intake)["ann/data.rar"]


def test_a_zip_of_many_zips_costs_a_bounded_time(tmp_path: Path) -> None:
    inner = zipped({"a.txt": b"0" * (4 * 2**20)})
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for number in range(1_000):
            archive.writestr(f"{number}.zip", inner)
    start = time.process_time()
    intake = given(tmp_path, {"ann/many.zip": held.getvalue(), "ben/cnn2.ipynb": WORKED})
    assert time.process_time() - start < 10
    assert chosen(intake) == {"ben": "ben/cnn2.ipynb"}


def test_more_files_in_archives_than_a_class_has_are_refused(tmp_path: Path) -> None:
    many = zipped({f"{number}.txt": b"" for number in range(1_000)})
    with pytest.raises(IntakeError, match="more than 20,000 files"):
        given(tmp_path, {f"s{number}/x.zip": many for number in range(21)})


@pytest.mark.parametrize(
    "ending", [".ipynb.json", ".ipynb.txt", ".IPYNB.TXT", ".ipynb-1.txt", ".ipynb.ipynb", "~1.IPY"]
)
def test_a_notebook_under_the_name_that_a_browser_gave_it_is_read(tmp_path: Path, ending: str) -> None:
    intake = given(tmp_path, {f"ann{ending}": WORKED, f"ben/cnn2{ending}": WORKED})
    assert len(chosen(intake)) == 2
    assert chosen(intake)["ben"] == f"ben/cnn2{ending}"


COPIES = ["Copy of cnn2", "cnn2 (1)", "cnn2 (2)", "cnn2-1", "cnn2-Copy1", "cnn2 - Kopie", "Kopie von cnn2", "my answer"]


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("form", ["ann/{}", "Ann Lee_7_assignsubmission_file/{}", "leeann_7_8_{}"])
def test_the_untouched_handout_never_counts_beside_a_worked_copy(tmp_path: Path, copy: str, form: str) -> None:
    members = {form.format("cnn2.ipynb"): HANDOUT, form.format(f"{copy}.ipynb"): WORKED}
    other = form.replace("nn", "va").replace("7", "9").format("cnn2.ipynb")
    worked, _ = given(tmp_path, {**members, form.format("notes.txt"): b"", other: OTHER}).submissions
    assert (worked.submission, worked.read()) == (form.format(f"{copy}.ipynb"), WORKED)


@pytest.mark.parametrize("copy", COPIES)
def test_nor_when_the_handout_lies_in_the_copy(tmp_path: Path, copy: str) -> None:
    untouched = notebook("import keras  ", "", "model = ...\n")
    members = {"a/cnn2.ipynb": WORKED, f"a/{copy}.ipynb": untouched, "b/cnn2.ipynb": OTHER}
    assert [one.read() for one in given(tmp_path, members).submissions] == [WORKED, OTHER]


def test_the_handout_alone_is_graded_as_it_is(tmp_path: Path) -> None:
    members = {"ann/cnn2.ipynb": HANDOUT, "ben/cnn2.ipynb": HANDOUT, "ben/Copy of cnn2.ipynb": HANDOUT}
    intake = given(tmp_path, members)
    assert [(one.read(), one.problem.code) for one in intake.submissions] == [(HANDOUT, "")] * 2


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        ({"final": WORKED, "final_v2": WORKED}, "ann/final_v2.ipynb"),
        ({"final": WORKED, "final_v2": OTHER}, "submission.two_notebooks"),
        ({"cnn2": WORKED, "old/cnn2": OTHER}, "submission.two_notebooks"),
        ({"cnn2": WORKED, "old/cnn2": WORKED}, "ann/old/cnn2.ipynb"),
        ({"Copy of cnn2": WORKED, "notes": OTHER}, "ann/Copy of cnn2.ipynb"),
    ],
)
def test_copies_with_the_same_cells_are_one_and_other_works_are_a_question_for_a_person(
    tmp_path: Path, files: dict[str, bytes], outcome: str
) -> None:
    intake = given(tmp_path, {**{f"ann/{name}.ipynb": held for name, held in files.items()}, "ben/cnn2.ipynb": OTHER})
    assert {**chosen(intake), **problems(intake)} == {"ann": outcome, "ben": "ben/cnn2.ipynb"}


def named(raw: bytes, *, more: bytes = b"", extra: bytes = b"") -> bytes:
    """An archive whose members have these bytes for names, with no word of their encoding."""
    locals_, entries = b"", b""
    for name, field in ((raw, extra), (more, b"")):
        if not name:
            continue
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 0, zlib.crc32(b"x"), 1, 1, len(name), len(field))
        entries += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(locals_))
        entries += name + field
        locals_ += b"PK\3\4" + common + name + field + b"x"
    count = 2 if more else 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), len(locals_), 0)
    return locals_ + entries + end


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *(("Jürgen Größe", page) for page in ("cp437", "cp850", "cp1252", "utf-8")),
        *((name, "cp1252") for name in ("José Álvarez", "François", "Zoë O'Brien", "Søren Kjær", "ÄÖÜ")),
        *((name, "cp850") for name in ("Søren Kjær", "María Nuñez", "João", "Chloé")),
        *((name, "cp852") for name in ("Wałęsa", "Dąbrowski Łukasz", "Žižka Jiří", "Kovač", "Świętek")),
        *((name, "gbk") for name in ("王小明", "李明", "欧阳婧", "张伟cnn2")),
    ],
)
def test_a_name_in_a_code_page_is_read_as_it_was_meant(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(named(f"{name}.ipynb".encode(encoding)))
    (one,) = read_submissions(path).submissions
    assert (one.student, one.read()) == (name, b"x")


def test_one_archive_has_one_code_page(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(named("Pawłowski.ipynb".encode("cp852"), more="Wałęsa.ipynb".encode("cp852")))
    assert {one.student for one in read_submissions(path).submissions} == {"Pawłowski", "Wałęsa"}


def test_the_unicode_path_field_says_the_name_where_it_belongs_to_it(tmp_path: Path) -> None:
    raw = b"_____.ipynb\xff"
    path = tmp_path / "c.zip"
    for checksum, student in ((zlib.crc32(raw), "Łukasz Żak"), (7, None)):
        held = struct.pack("<BL", 1, checksum) + "Łukasz Żak.ipynb".encode()
        path.write_bytes(named(raw, extra=struct.pack("<2H", 0x7075, len(held)) + held, more=b"x.ipynb"))
        assert ("Łukasz Żak" in chosen(read_submissions(path))) == (student is not None)


def test_a_damaged_notebook_beside_nothing_else_is_read_when_it_is_graded(tmp_path: Path) -> None:
    (one,) = given(tmp_path, {"ann/cnn2.zip": zipped({"cnn2.ipynb": WORKED})}).submissions
    (tmp_path / "class0.zip").write_bytes(zipped({"ann/cnn2.zip": b"gone"}))
    with pytest.raises(UnreadableSubmission):
        one.read()
