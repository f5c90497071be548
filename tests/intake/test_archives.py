"""Zip archives, honest and hostile. Nothing may be written, and nobody's submission may suffer from another's."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import time
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.intake import Intake, IntakeError, SubmissionTooLarge, UnreadableSubmission, read_submissions
from autograder.intake.listing import MAX_ENTRIES


def pack(path: Path, members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicate names, which are meant here
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
    return path


def contents(intake: Intake) -> dict[str, bytes]:
    return {one.student: one.read() for one in intake.submissions if not one.problem}


def reasons(intake: Intake) -> dict[str, str]:
    return {one.path: one.reason for one in intake.ignored}


@pytest.mark.parametrize("top", ["", "class/", "handed in/"])
def test_a_zip_holds_what_a_folder_may_hold(tmp_path: Path, top: str) -> None:
    flat = pack(tmp_path / "flat.zip", [(f"{top}anna.ipynb", b"a"), (f"{top}ben.ipynb", b"b")])
    deep = pack(tmp_path / "deep.zip", [(f"{top}anna/cnn2.ipynb", b"a"), (f"{top}ben/x/cnn2.ipynb", b"b")])
    assert contents(read_submissions(flat)) == contents(read_submissions(deep)) == {"anna": b"a", "ben": b"b"}
    assert read_submissions(deep).submissions[1].submission == f"{top}ben/x/cnn2.ipynb"


def test_one_folder_with_one_notebook_is_the_students_unless_it_is_the_archives_own(tmp_path: Path) -> None:
    assert contents(read_submissions(pack(tmp_path / "x.zip", [("anna/cnn2.ipynb", b"a")]))) == {"anna": b"a"}
    assert contents(read_submissions(pack(tmp_path / "class.zip", [("class/anna.ipynb", b"a")]))) == {"anna": b"a"}


def test_what_operating_systems_add_is_left_out(tmp_path: Path) -> None:
    added = ["__MACOSX/._anna.ipynb", ".DS_Store", "anna/.ipynb_checkpoints/cnn2-checkpoint.ipynb", "Thumbs.db"]
    path = pack(
        tmp_path / "c.zip", [("anna/cnn2.ipynb", b"a"), ("ben/cnn2.ipynb", b"b"), *((name, b"") for name in added)]
    )
    intake = read_submissions(path)
    assert contents(intake) == {"anna": b"a", "ben": b"b"}
    assert set(reasons(intake)) == {"__MACOSX", ".DS_Store", "anna/.ipynb_checkpoints", "Thumbs.db"}


def test_an_empty_folder_in_an_archive_is_a_student_without_a_notebook(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", [("anna/cnn2.ipynb", b"a"), ("ben/", b""), ("carl/x.ipynb", b"c")])
    assert [one.student for one in read_submissions(path).submissions if one.problem] == ["ben"]


def test_paths_that_lead_out_are_left_out_and_nothing_is_written(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    hostile = [
        "../evil.ipynb",
        "/etc/evil.ipynb",
        "a/../../evil.ipynb",
        "..\\..\\evil.ipynb",
        "C:\\evil.ipynb",
        "\\evil.ipynb",
    ]
    path = pack(inside / "c.zip", [("anna.ipynb", b"a"), *((name, b"x") for name in hostile)])
    intake = read_submissions(path)
    assert contents(intake) == {"anna": b"a"}
    assert len(intake.ignored) == len(hostile)
    assert set(reasons(intake).values()) == {"its path leads out of the archive"}
    assert [*tmp_path.rglob("*")] == [inside, path]


def test_links_and_devices_in_archives_are_left_out(tmp_path: Path) -> None:
    link, device = zipfile.ZipInfo("mallory.ipynb"), zipfile.ZipInfo("eve.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    intake = read_submissions(pack(tmp_path / "c.zip", [("anna.ipynb", b"a"), (link, b"anna.ipynb"), (device, b"")]))
    assert contents(intake) == {"anna": b"a"}
    assert set(reasons(intake)) == {"mallory.ipynb", "eve.ipynb"}


def test_a_name_twice_is_two_notebooks_of_one_student(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "c.zip", [("anna.ipynb", b"1"), ("anna.ipynb", b"2"), ("Ben.ipynb", b"b"), ("BEN.ipynb", b"B")]
    )
    assert [str(one.problem)[:29] for one in read_submissions(path).submissions] == [
        "Two notebooks of one student:"
    ] * 2


def test_a_bomb_costs_its_own_submission_only(tmp_path: Path) -> None:
    zeros = b"0" * (60 * 2**20)
    intake = read_submissions(pack(tmp_path / "c.zip", [("anna.ipynb", b"a"), ("bomb.ipynb", zeros)]))
    assert contents(intake) == {"anna": b"a"}
    assert "unpacks to more than 300 times its size" in str(intake.submissions[1].problem)


def test_a_bomb_that_lies_about_its_size_is_read_within_the_limit(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", [("bomb.ipynb", b"0" * (8 * 2**20))])
    raw = bytearray(path.read_bytes())
    start = raw.rindex(b"PK\x01\x02") + 24
    raw[start : start + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)
    (submission,) = read_submissions(path).submissions
    with pytest.raises(UnreadableSubmission, match="damaged"):
        submission.read()


def test_a_large_member_ends_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("anna.ipynb", b"x" * 5000)
    (submission,) = read_submissions(path).submissions
    assert len(submission.read(5000)) == 5000
    with pytest.raises(SubmissionTooLarge):
        submission.read(4999)


def test_methods_that_ask_for_much_memory_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("anna.ipynb", b"x" * 5000)
    (submission,) = read_submissions(path).submissions
    assert "packed in a way that is not read here" in str(submission.problem)


def test_what_lies_beside_the_notebooks_is_not_unpacked_by_such_methods_either(tmp_path: Path) -> None:
    stamp = zipfile.ZipInfo("submitted/anna/cnn2/timestamp.txt")
    stamp.compress_type = zipfile.ZIP_LZMA
    path = pack(tmp_path / "c.zip", [("submitted/anna/cnn2/cnn2.ipynb", b"a"), (stamp, b"2026-01-05 10:11:12 UTC")])
    raw = path.read_bytes()
    at = raw.index(b"timestamp.txt") + 30
    path.write_bytes(raw[:at] + b"\xff\xff" + raw[at + 2 :])
    (submission,) = read_submissions(path).submissions
    assert submission.read() == b"a"
    assert submission.handed_in is not None
    assert submission.handed_in.at == ""


def test_a_hundred_thousand_entries_are_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.ipynb"), b"")
    start = time.process_time()
    with pytest.raises(IntakeError, match="20,000 entries"):
        read_submissions(path)
    assert time.process_time() - start < 10


def test_as_many_empty_files_as_there_may_be_are_listed_quickly(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", [(f"student-{number:05d}/notebook.ipynb", b"") for number in range(MAX_ENTRIES)])
    start = time.process_time()
    assert len(read_submissions(path).submissions) == MAX_ENTRIES
    assert time.process_time() - start < 6  # two seconds, on a machine that does nothing else


def test_files_that_lie_over_each_other_are_not_unpacked_ten_thousand_times(tmp_path: Path) -> None:
    # All entries of the directory name the bytes of the first file.
    content = pack(tmp_path / "one.zip", [("00000.ipynb", b"{}" + b" " * 10**6)]).read_bytes()
    directory = content.index(b"PK\1\2")
    entry = content[directory : content.index(b"PK\5\6")]
    entries = b"".join(entry.replace(b"00000", b"%05d" % number) for number in range(10_000))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10_000, 10_000, len(entries), directory, 0)
    path = tmp_path / "c.zip"
    path.write_bytes(content[:directory] + entries + end)
    first, *others = read_submissions(path).submissions
    assert first.read().startswith(b"{}")
    assert len(others) == 9_999
    assert {str(one.problem).partition(" ")[2] for one in others} == {
        "lies over another file in the archive. Pack it again."
    }


def test_a_directory_of_an_archive_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(200):
            archive.writestr(zipfile.ZipInfo(f"{number:0>60000}.ipynb"), b"")
    with pytest.raises(IntakeError, match="damaged"):
        read_submissions(path)


def _encrypted(path: Path, names: Iterable[str]) -> None:
    raw = bytearray(path.read_bytes())
    for name in names:
        local = raw.index(name.encode()) - 30
        central = raw.rindex(name.encode()) - 46
        raw[local + 6] |= 1
        raw[central + 8] |= 1
    path.write_bytes(raw)


def test_an_encrypted_archive_is_refused_and_an_encrypted_member_is_a_problem(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", [("anna.ipynb", b"a"), ("ben.ipynb", b"b")])
    _encrypted(path, ["ben.ipynb"])
    intake = read_submissions(path)
    assert contents(intake) == {"anna": b"a"}
    assert "encrypted with a password" in str(intake.submissions[1].problem)
    _encrypted(path, ["anna.ipynb"])
    with pytest.raises(IntakeError, match="is encrypted: unpack it"):
        read_submissions(path)


def test_an_archive_without_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is an empty archive"):
        read_submissions(pack(tmp_path / "c.zip", []))


def test_names_in_utf8_without_the_flag_and_in_code_page_437_are_both_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp437"):
        path = pack(tmp_path / "c.zip", [("Mxller.ipynb", b"m")])
        name = "Müller.ipynb".encode(encoding)
        raw = path.read_bytes().replace(b"Mxller.ipynb", name)
        if encoding == "utf-8":
            raw = _with_name_length(raw, len(name))
        path.write_bytes(raw)
        assert contents(read_submissions(path)) == {"Müller": b"m"}


def _with_name_length(raw: bytes, length: int) -> bytes:
    """Repair an archive of one member whose name grew by a byte."""
    data = bytearray(raw)
    central, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    data[26:28] = data[central + 28 : central + 30] = length.to_bytes(2, "little")
    data[end + 12 : end + 16] = (end - central).to_bytes(4, "little")
    data[end + 16 : end + 20] = central.to_bytes(4, "little")
    return bytes(data)


def test_a_damaged_member_is_its_students_problem_only(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("anna.ipynb", b"a")
        archive.writestr("ben.ipynb", b"undamaged content")
    path.write_bytes(path.read_bytes().replace(b"undamaged", b"xxdamaged"))
    anna, ben = read_submissions(path).submissions
    assert anna.read() == b"a"
    with pytest.raises(UnreadableSubmission, match=r"ben\.ipynb could not be read from the archive c\.zip"):
        ben.read()


def test_a_member_without_a_name_is_left_out(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", [("anna.ipynb", b"a"), ("QQ", b"x")])
    path.write_bytes(path.read_bytes().replace(b"QQ", b"\0Q"))
    assert contents(read_submissions(path)) == {"anna": b"a"}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
PATHS = st.one_of(
    st.builds("/".join, st.lists(NAMES, min_size=1, max_size=4)),
    st.sampled_from(
        ["../x.ipynb", "anna.ipynb", "ANNA.ipynb", "anna/", "anna/x.ipynb", "/x.ipynb", "a\\b.ipynb", "__MACOSX/x"]
    ),
    NAMES.map(lambda name: name + ".ipynb"),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PATHS, st.binary(max_size=40)), max_size=12))
def test_any_archive_gives_an_intake_or_a_sentence(tmp_path: Path, members: list[tuple[str, bytes]]) -> None:
    path = tmp_path / "c.zip"
    pack(path, [(zipfile.ZipInfo(name), content) for name, content in members])
    try:
        intake = read_submissions(path, "x")
    except IntakeError:
        return
    slugs = [one.slug.casefold() for one in intake.submissions]
    assert len(slugs) == len(set(slugs))
    for submission in intake.submissions:
        submission.student.encode()
        submission.submission.encode()
        if not submission.problem:
            assert submission.read() in {content for _, content in members}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_archive_with_flipped_bytes_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("anna.ipynb", b"a" * 100)
        archive.writestr("ben/Müller.ipynb", b"b" * 100)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "c.zip"
    path.write_bytes(raw)
    with contextlib.suppress(IntakeError, UnreadableSubmission):
        for submission in read_submissions(path).submissions:
            submission.read()
