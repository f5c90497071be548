"""Scores into Moodle's worksheets, read again by the rules of Moodle."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from samples.rosters import fill, notes_of, of

from autograder.lms.export import feedback_archive
from autograder.records.result import Person

GERMAN = (
    'ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Bewertung kann geändert werden",'
    '"Zuletzt geändert (Abgabe)","Zuletzt geändert (Bewertung)","Feedback als Kommentar"\n'
    'Teilnehmer/in77000,"Jane Doe",jane@uni.de,"Zur Bewertung abgegeben",,"10,00",Ja,"Freitag, 20. November",-,\n'
    'Teilnehmer/in77001,"Zoë van den Berg",zoe@uni.de,"Keine Abgabe",,"10,00",Ja,-,-,"gut, ""ja"""\n'
)
ENGLISH = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 77000,Jane Doe,jane@uni.de,Submitted for grading,,10.00,Yes,-,-,\n"
    "Participant 77001,Zoë van den Berg,zoe@uni.de,No submission,,10.00,Yes,-,-,\n"
)
MOODLE_JANE = Person(name="Jane Doe", id="77000")


def test_a_german_worksheet_gets_its_grade_and_nothing_else(tmp_path: Path) -> None:
    done = fill(tmp_path / "m.csv", b"\xef\xbb\xbf" + GERMAN.encode(), [of("moodle", 8.5, MOODLE_JANE)], "moodle")
    assert done.content.decode("utf-8-sig") == GERMAN.replace('abgegeben",,', 'abgegeben","8,5",')
    assert "without a submission, left as they are (1): Zoë van den Berg" in notes_of(done)


def test_a_worksheet_with_semicolons_crlf_and_spaces_at_cells_ends_keeps_them(tmp_path: Path) -> None:
    worksheet = b"\xef\xbb\xbf" + GERMAN.replace(",", ";").replace("10;00", "10,00").replace("\n", " \r\n").encode()
    done = fill(tmp_path / "m.csv", worksheet, [of("moodle", 8.5, MOODLE_JANE)], "moodle")
    assert done.content == worksheet.replace(b'abgegeben";;', b'abgegeben";8,5;')


def test_blank_lines_at_the_end_of_a_worksheet_do_not_matter(tmp_path: Path) -> None:
    done = fill(tmp_path / "m.csv", f"{ENGLISH}\n\n".encode(), [of("moodle", 8.5, MOODLE_JANE)], "moodle")
    assert done.content.decode() == ENGLISH.replace("grading,,", "grading,8.5,") + "\n\n"


def test_a_worksheet_in_an_unknown_language_is_read_by_its_form(tmp_path: Path) -> None:
    header = "Tunniste,Nimi,Sähköposti,Tila,Arvosana,Maximum Grade,a,b,c,d"
    strange = header + "\n" + ENGLISH.partition("\n")[2].replace("Participant ", "Osallistuja ")
    done = fill(tmp_path / "m.csv", strange.encode(), [of("moodle", 8.5, MOODLE_JANE)], "moodle")
    assert done.content.decode() == strange.replace("grading,,", "grading,8.5,")


def test_another_assignments_worksheet_gives_nobody_anothers_grade(tmp_path: Path) -> None:
    stranger = of("moodle", 8.5, Person(name="Ida Poe", id="77000"))
    done = fill(tmp_path / "m.csv", ENGLISH.encode(), [stranger], "moodle")
    assert done.content == ENGLISH.encode()
    assert "participant 77000 is Jane Doe in this file; is it another assignment's?" in done.problems[0]


TEAMS = (
    "Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 55,Jane Doe,jane@uni.de,Submitted for grading,Group A_1,,10.00,Yes,-,-,\n"
    "Participant 56,Zoë Poe,zoe@uni.de,Submitted for grading,Group A_1,,10.00,Yes,-,-,\n"
    "Participant 57,Bob Ray,bob@uni.de,Submitted for grading,Default group,,10.00,Yes,-,-,\n"
    "Participant 58,Kim Lee,kim@uni.de,No submission,Group B,,10.00,Yes,-,-,\n"
)


def test_a_team_of_moodle_gets_its_score_on_every_members_line(tmp_path: Path) -> None:
    # The group's number is a participant's, who is somebody else.
    teams = [of("moodle", 8, Person(name="Group A 1", id="58")), of("moodle", 3, Person(name="Default group"))]
    done = fill(tmp_path / "m.csv", TEAMS.encode(), teams, "moodle")
    rows = list(csv.DictReader(io.StringIO(done.content.decode())))
    assert [row["Grade"] for row in rows] == ["8", "8", "3", ""]
    assert done.problems == ()
    assert (
        notes_of(fill(tmp_path / "m.csv", TEAMS.encode(), teams, "moodle", pending="zero")).count("Group A 1 (58)") == 1
    )
    assert "Group A 1 (58): Jane Doe (55), Zoë Poe (56)" in notes_of(done)
    assert "without a submission, left as they are (1): Kim Lee" in notes_of(done)
    with zipfile.ZipFile(io.BytesIO(feedback_archive(done, str.encode))) as archive:
        assert archive.read("Zoë Poe_56_assignfeedback_file/feedback.html") == b"Group A 1 (58)"
        assert len(archive.namelist()) == 3


def test_a_group_that_no_line_names_gives_no_participant_its_score(tmp_path: Path) -> None:
    blind = TEAMS.replace("Full name,Email address,", "").replace("Bob Ray,bob@uni.de,", "")
    blind = re.sub(r"(Participant \d+),[^,]*,[^,]*@uni\.de", r"\1", blind)
    done = fill(tmp_path / "m.csv", blind.encode(), [of("moodle", 8, Person(name="Group C", id="55"))], "moodle")
    assert done.content == blind.encode()
    assert "Group C (55): no line names a group, or the participant 55, that is called so" in done.problems[0]


def test_a_profile_field_called_group_makes_no_teams(tmp_path: Path) -> None:
    worksheet = TEAMS.replace("Status,Group,", "Group,Status,")
    done = fill(tmp_path / "m.csv", worksheet.encode(), [of("moodle", 8, Person(name="Kim Lee", id="58"))], "moodle")
    rows = list(csv.DictReader(io.StringIO(done.content.decode())))
    assert [row["Grade"] for row in rows] == ["", "", "", "8"]
    own = TEAMS.replace("Email address", "Group", 1)
    done = fill(tmp_path / "m.csv", own.encode(), [of("moodle", 8, Person(name="Group B", id="1"))], "moodle")
    assert done.content.decode() == own.replace("Group B,,", "Group B,8,")


@pytest.mark.parametrize(
    ("called", "prefix"),
    [("Participant", "Participant "), ("Teilnehmerin", "Teilnehmer/in"), ("Deelnemer 77000", "Deelnemer ")],
)
def test_after_blind_marking_the_number_leads_to_the_line(tmp_path: Path, called: str, prefix: str) -> None:
    worksheet = ENGLISH.replace("Participant ", prefix)
    done = fill(tmp_path / "m.csv", worksheet.encode(), [of("moodle", 8.5, Person(name=called, id="77000"))], "moodle")
    assert done.content.decode() == worksheet.replace("grading,,", "grading,8.5,")
    with zipfile.ZipFile(io.BytesIO(feedback_archive(done, str.encode))) as archive:
        assert archive.namelist() == ["Jane Doe_77000_assignfeedback_file/feedback.html"]


def test_feedback_goes_under_the_name_by_which_moodle_finds_the_participant(tmp_path: Path) -> None:
    roster = ENGLISH.replace("Jane Doe", "Jane_X / Doe")
    done = fill(
        tmp_path / "m.csv", roster.encode(), [of("moodle", 8, Person(name="Jane X / Doe", id="77000"))], "moodle"
    )
    with zipfile.ZipFile(io.BytesIO(feedback_archive(done, lambda student: student.encode()))) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == b"Jane X / Doe (77000)"
    folder, _, file = name.partition("/")
    assert file == "feedback.html"
    # importziplib.php: explode('_', $part, 5); at least four parts, the second a participant's number.
    assert folder.split("_", 4)[1:] == ["77000", "assignfeedback", "file"]
