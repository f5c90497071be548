"""What platforms let instructors download, in the layouts that they write."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from autograder.intake import Intake, IntakeError, Submission, read_submissions
from autograder.records.result import Person
from tests.samples.gradescope import METADATA


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def unpack(path: Path) -> Path:
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def exported(notebook: bytes) -> bytes:
    """An archive as `otter.Notebook.export` writes it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("cnn2.ipynb", notebook)
        archive.writestr(".OTTER_LOG", b"\x80\x04.")
        archive.writestr("__zip_filename__", b"cnn2.zip")
    return held.getvalue()


def by_student(intake: Intake) -> dict[str, Submission]:
    return {one.student: one for one in intake.submissions}


def person(submission: Submission) -> Person:
    assert submission.handed_in is not None
    (one,) = submission.handed_in.persons
    return one


def reasons(intake: Intake) -> dict[str, str]:
    return {one.path: one.reason for one in intake.ignored}


CANVAS = {
    "doejane_12345_67890_cnn2.ipynb": b"old",
    "doejane_12345_67990_cnn2-1.ipynb": b"new",
    "doejane_12345_67891_notes.txt": b"",
    "müllerzoë_LATE_222_67_cnn2.ipynb": b"zoe",
    "raybob_333_text.html": b"<p>",
}


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_canvas_download_keeps_user_ids_lateness_and_the_latest_attempt(tmp_path: Path, as_folder: bool) -> None:
    path = pack(tmp_path / "submissions.zip", CANVAS)
    intake = read_submissions(unpack(path) if as_folder else path, "cnn2.ipynb")
    found = by_student(intake)
    assert set(found) == {"doejane (12345)", "müllerzoë (222)", "raybob (333)"}
    jane, zoe, bob = found["doejane (12345)"], found["müllerzoë (222)"], found["raybob (333)"]
    assert (jane.read(), zoe.read()) == (b"new", b"zoe")
    assert person(jane) == Person(name="doejane", id="12345")
    assert jane.handed_in
    assert jane.handed_in.earlier == ("doejane_12345_67890_cnn2.ipynb",)
    assert (jane.handed_in.late, zoe.handed_in and zoe.handed_in.late) == (False, True)
    assert str(bob.problem) == "No notebook (.ipynb) was handed in, only raybob_333_text.html."
    assert reasons(intake) == {
        "doejane_12345_67890_cnn2.ipynb": "an earlier attempt; doejane_12345_67990_cnn2-1.ipynb is graded",
        "doejane_12345_67891_notes.txt": "not a notebook (.ipynb)",
        "raybob_333_text.html": "not a notebook (.ipynb)",
    }


def test_a_notebook_that_canvas_did_not_name_is_graded_too(tmp_path: Path) -> None:
    found = by_student(read_submissions(pack(tmp_path / "s.zip", {**CANVAS, "by mail.ipynb": b"m"}), "cnn2"))
    assert found["by mail"].read() == b"m"
    assert found["by mail"].handed_in is None


def test_anonymous_canvas_submissions_keep_their_anonymous_id(tmp_path: Path) -> None:
    path = pack(tmp_path / "s.zip", {"anon_aB3x9_77_cnn2.ipynb": b"a", "LATE_anon_Zz1y2_78_cnn2.ipynb": b"z"})
    found = by_student(read_submissions(path))
    assert {name: person(one).id for name, one in found.items()} == {
        "anonymous aB3x9": "aB3x9",
        "anonymous Zz1y2": "Zz1y2",
    }
    assert [one.handed_in and one.handed_in.late for one in found.values()] == [False, True]


def test_a_name_chosen_to_look_like_anothers_upload_gets_nobodys_identity(tmp_path: Path) -> None:
    forged = {"doejane_12345_777_888_cnn2.ipynb": b"forged", "doejane_12345_777_text.html": b""}
    found = by_student(read_submissions(pack(tmp_path / "s.zip", {**CANVAS, **forged}), "cnn2"))
    assert found["doejane (12345)"].read() == b"new"
    assert found["doejane_12345_777_888_cnn2"].handed_in is None


def test_canvas_names_of_every_kind_are_read(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "s.zip",
        {
            "van_der_berg_jan_12_671_cnn2.ipynb": b"jan",
            "van_der_berg_jan_LATE_13_672_cnn2.ipynb": b"late",
            "शर्माप्रिया_14_673_my_own_cnn2.ipynb": b"hindi",
            "李明_15_674_cnn2-1.ipynb": b"ming",
            "groupblue_16_675_cnn2.ipynb": b"group",
            "anon_Qq1w2_676_cnn2.ipynb": b"anon",
            "LATE_anon_Zz1y2_text.html": b"",
        },
    )
    intake = read_submissions(path, "cnn2")
    read = {one.student: (person(one).id, one.handed_in and one.handed_in.late) for one in intake.submissions}
    assert read == {
        "van_der_berg_jan (12)": ("12", False),
        "van_der_berg_jan (13)": ("13", True),
        "शर्माप्रिया (14)": ("14", False),
        "李明 (15)": ("15", False),
        "groupblue (16)": ("16", False),
        "anonymous Qq1w2": ("Qq1w2", False),
        "anonymous Zz1y2": ("Zz1y2", True),
    }
    assert list(reasons(intake)) == ["LATE_anon_Zz1y2_text.html"]


def test_two_works_of_one_canvas_student_are_a_problem_unless_one_has_the_assignments_name(tmp_path: Path) -> None:
    path = pack(tmp_path / "s.zip", {"doejane_1_2_a.ipynb": b"a", "doejane_1_3_b.ipynb": b"b"})
    (unclear,) = read_submissions(path, "cnn2").submissions
    assert str(unclear.problem).startswith("Two notebooks of one student")
    (clear,) = read_submissions(path, "a.ipynb").submissions
    assert clear.read() == b"a"


@pytest.mark.parametrize("ending", ["", "_"])
def test_a_moodle_download_keeps_participant_numbers(tmp_path: Path, ending: str) -> None:
    path = pack(
        tmp_path / "ML-cnn2-77.zip",
        {
            f"Jane Doe_123456_assignsubmission_file{ending}/cnn2.ipynb": b"jane",
            f"Zoë van den Berg_123457_assignsubmission_file{ending}/work/my.ipynb": b"zoe",
            f"Zoë van den Berg_123457_assignsubmission_onlinetext{ending}/onlinetext.html": b"",
            f"Jane Doe_123999_assignsubmission_onlinetext{ending}/onlinetext.html": b"",
        },
    )
    intake = read_submissions(path, "cnn2")
    found = by_student(intake)
    assert {name: person(one).id for name, one in found.items()} == {
        "Jane Doe (123456)": "123456",
        "Jane Doe (123999)": "123999",
        "Zoë van den Berg (123457)": "123457",
    }
    assert found["Zoë van den Berg (123457)"].read() == b"zoe"
    assert str(found["Jane Doe (123999)"].problem) == "No notebook (.ipynb) was handed in, only onlinetext.html."
    assert len(intake.ignored) == 2


def test_a_flat_moodle_download_is_read_too(tmp_path: Path) -> None:
    path = pack(tmp_path / "m.zip", {"Jane Doe_7_assignsubmission_file_cnn2.ipynb": b"j"})
    (jane,) = read_submissions(path).submissions
    assert (jane.student, jane.read()) == ("Jane Doe (7)", b"j")


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_teams_moodle_submission_keeps_the_groups_name_and_number(tmp_path: Path, as_folder: bool) -> None:
    path = pack(
        tmp_path / "m.zip",
        {
            "Group A_55_assignsubmission_file/cnn2.ipynb": b"a",
            "Group A_55_assignsubmission_onlinetext/onlinetext.html": b"",
            "Lab 2 - blue_56_assignsubmission_onlinetext/onlinetext.html": b"",
            "Default group_assignsubmission_file/cnn2.ipynb": b"rest",
        },
    )
    intake = read_submissions(unpack(path) if as_folder else path, "cnn2")
    found = by_student(intake)
    assert {name: person(one) for name, one in found.items()} == {
        "Default group": Person(name="Default group"),
        "Group A (55)": Person(name="Group A", id="55"),
        "Lab 2 - blue (56)": Person(name="Lab 2 - blue", id="56"),
    }
    assert (found["Group A (55)"].read(), found["Default group"].read()) == (b"a", b"rest")
    assert str(found["Lab 2 - blue (56)"].problem) == "No notebook (.ipynb) was handed in, only onlinetext.html."
    assert len(reasons(intake)) == 2


@pytest.mark.parametrize("called", ["Participant", "Participant 12345", "Teilnehmerin"])
def test_blind_marking_keeps_the_participants_number(tmp_path: Path, called: str) -> None:
    name = f"{called}_12345_assignsubmission_file"
    (folder,) = read_submissions(pack(tmp_path / "m.zip", {f"{name}/cnn2.ipynb": b"j"})).submissions
    flat = pack(
        tmp_path / "f.zip",
        {
            f"{name}_cnn2_2026_11_20T10_00_00_000001.zip": exported(b"j"),
            f"{called}_12345_assignsubmission_onlinetext_onlinetext.html": b"",
        },
    )
    (same,) = read_submissions(flat).submissions
    for one in (folder, same):
        assert (person(one), one.read()) == (Person(name=called, id="12345"), b"j")


def test_a_gradescope_export_keeps_numbers_emails_groups_and_the_latest_attempt(tmp_path: Path) -> None:
    top = "assignment_5_export"
    path = pack(
        tmp_path / "export.zip",
        {
            f"{top}/submission_metadata.yml": METADATA.encode(),
            f"{top}/submission_100/cnn2.ipynb": b"old",
            f"{top}/submission_101/cnn2.ipynb": b"group",
            f"{top}/submission_102/cnn2.ipynb": b"new",
            f"{top}/submission_999/readme.txt": b"",
        },
    )
    intake = read_submissions(path, "cnn2")
    found = by_student(intake)
    jane, group = found["Jane Doe (0012)"], found["Bob Ray (13), Kim Poe (14)"]
    assert (jane.read(), jane.submission) == (b"new", f"{top}/submission_102/cnn2.ipynb")
    assert person(jane) == Person(name="Jane Doe", number="0012", email="jane@uni.edu")
    assert jane.handed_in
    assert jane.handed_in.at == "2026-11-21T10:00:00+00:00"
    assert group.handed_in
    assert [one.email for one in group.handed_in.persons] == ["bob@uni.edu", "kim@uni.edu"]
    assert f"{top}/submission_100/cnn2.ipynb" in reasons(intake)
    assert f"{top}/submission_999/readme.txt" in reasons(intake)


def test_a_damaged_gradescope_export_is_a_sentence(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.zip", {"submission_metadata.yml": b"a: [", "submission_1/x.ipynb": b""})
    with pytest.raises(IntakeError, match=r"submission_metadata\.yml of the Gradescope export is damaged"):
        read_submissions(path)


ODD = {
    "a number of any length": ("", f"0x{'f' * 5000}", ""),
    "a number with leading zeros": ("", "0012", ""),
    "a time before the first year": ("0001-01-01 00:00:00 +14:00", "12", ""),
    "a time after the last year": ("9999-12-31 23:59:59 -12:00", "12", ""),
    "no truth value": ("", "!!bool x", "damaged"),
    "no time": ("!!timestamp x", "12", "damaged"),
    "no number": ("", "!!float x", "damaged"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_values_in_a_gradescope_export_are_read_or_a_sentence(tmp_path: Path, name: str) -> None:
    time, number, sentence = ODD[name]
    history = f"  :created_at: {time}\n  :history:\n  - :id: {number}\n    :created_at: {time}\n"
    metadata = f"submission_1:\n  :submitters:\n  - :name: Jane\n    :sid: {number}\n{history}"
    path = pack(tmp_path / "e.zip", {"submission_metadata.yml": metadata.encode(), "submission_1/x.ipynb": b""})
    if sentence:
        with pytest.raises(IntakeError, match=sentence):
            read_submissions(path)
        return
    (submission,) = read_submissions(path).submissions
    assert person(submission).number == number
    assert submission.handed_in
    assert submission.handed_in.at == ""


def test_otters_archives_are_opened_and_the_latest_export_counts(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "class.zip",
        {
            "anna/cnn2_2026_11_20T10_00_00_000001.zip": exported(b"old"),
            "anna/cnn2_2026_11_21T10_00_00_000001.zip": exported(b"new"),
            "ben.zip": exported(b"ben"),
        },
    )
    intake = read_submissions(path, "cnn2")
    found = by_student(intake)
    assert {name: one.read() for name, one in found.items()} == {"anna": b"new", "ben": b"ben"}
    assert found["anna"].submission == "anna/cnn2_2026_11_21T10_00_00_000001.zip/cnn2.ipynb"
    assert list(reasons(intake)) == ["anna/cnn2_2026_11_20T10_00_00_000001.zip/cnn2.ipynb"]


def test_exports_side_by_side_are_no_uploads_of_one_canvas_user(tmp_path: Path) -> None:
    names = ("cnn2_2026_11_20T10_00_00_000001.zip", "cnn2_2026_11_20T10_00_07_123456.zip")
    intake = read_submissions(pack(tmp_path / "class.zip", {name: exported(name.encode()) for name in names}), "cnn2")
    assert {one.student: one.read() for one in intake.submissions} == {
        name.removesuffix(".zip"): name.encode() for name in names
    }
    assert reasons(intake) == {}


def test_otters_archives_within_a_canvas_download_are_opened(tmp_path: Path) -> None:
    name = "doejane_LATE_12345_67890_cnn2_2026_11_20T10_00_00_000001.zip"
    (jane,) = read_submissions(pack(tmp_path / "s.zip", {name: exported(b"jane")}), "cnn2").submissions
    assert (jane.student, jane.read(), jane.handed_in and jane.handed_in.late) == ("doejane (12345)", b"jane", True)


@pytest.mark.parametrize("top", ["submitted/", "course/submitted/"])
def test_an_nbgrader_tree_gives_the_students_of_the_assignment(tmp_path: Path, top: str) -> None:
    path = pack(
        tmp_path / "c.zip",
        {
            f"{top}jdoe/ps4/cnn2.ipynb": b"jane",
            f"{top}jdoe/ps4/timestamp.txt": b"2026-11-20 10:00:00.000000 UTC\n",
            f"{top}jdoe/ps3/other.ipynb": b"",
            f"{top}bray/ps4/cnn2.ipynb": b"bob",
            f"{top.replace('submitted', 'source')}ps4/cnn2.ipynb": b"solution",
        },
    )
    intake = read_submissions(path, "cnn2")
    found = by_student(intake)
    assert {name: one.read() for name, one in found.items()} == {"jdoe": b"jane", "bray": b"bob"}
    assert found["jdoe"].handed_in
    assert found["jdoe"].handed_in.at == "2026-11-20 10:00:00.000000 UTC"
    assert reasons(intake) == {
        f"{top}jdoe/ps3/other.ipynb": "of another assignment; ps4 is graded",
        f"{top.replace('submitted', 'source')}ps4/cnn2.ipynb": "beside the students' folders of the nbgrader tree",
    }


def test_an_nbgrader_tree_of_unclear_assignments_is_a_sentence(tmp_path: Path) -> None:
    path = pack(tmp_path / "c.zip", {"submitted/j/ps1/a.ipynb": b"", "submitted/j/ps2/b.ipynb": b""})
    with pytest.raises(IntakeError, match="several assignments \\(ps1, ps2\\)"):
        read_submissions(path, "cnn2")


def test_a_long_name_that_is_nearly_canvass_costs_no_time(tmp_path: Path) -> None:
    start = time.process_time()
    read_submissions(pack(tmp_path / "s.zip", {f"{'é' * 100}_12_x{number}.ipynb": b"" for number in range(20)}))
    assert time.process_time() - start < 2
