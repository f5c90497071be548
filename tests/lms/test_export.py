"""Scores into instructors' own files, read again by the rules of the platform that reads them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples.rosters import fill, notes_of, of, scored

from autograder.lms.export import ExportError, plain_table
from autograder.lms.gradebooks import Target
from autograder.lms.matching import name_variants
from autograder.lms.roster import read_table
from autograder.records.result import Person, Verdict

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Other (11),CNN2 missing layers (98765),Final Score\r\n"
    "    Points Possible,,,,,5,10.00,(read only)\r\n"
    '"Doe, Jane",12345,u1234,jdoe,"Sec ""1""",1.5,,\r\n'
    '"Müller, Zoë",222,u2,zmueller,Sec 1,,"",77.0\r\n'
    "'=Ray;Bob,333,u3,bray,Sec 1,,EX,\r\n"
    "Kim,444,u4,kim,Sec 1,,2,\r\n"
    '"Student, Test",999,,abc,Sec 1,,,\r\n'
)
JANE, ZOE = Person(name="doejane", id="12345"), Person(name="müllerzoë", id="222")


def canvas_scores(content: bytes) -> dict[str, str]:
    """What Canvas's importer takes for assignment 98765: rows with an ID, in the column with that number."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    (column,) = [index for index, name in enumerate(rows[0]) if re.search(r"\(98765\)$", name)]
    return {row[1]: row[column] for row in rows[1:] if row[1]}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_one_column_of_a_canvas_gradebook_changes(tmp_path: Path, mark: bytes) -> None:
    results = [of("canvas", 8.333, JANE), of("canvas", 10, ZOE, late=True), of("canvas", 1, Person(id="333"))]
    done = fill(tmp_path / "g.csv", mark + CANVAS.encode(), results, "canvas")
    expected = CANVAS.replace("1.5,,\r\n", "1.5,8.33,\r\n").replace('Sec 1,,"",77.0', 'Sec 1,,"10",77.0')
    assert done.content == mark + expected.encode()
    assert canvas_scores(done.content) == {"12345": "8.33", "222": "10", "333": "EX", "444": "2", "999": ""}
    assert "in the roster without a submission, left as they are (1): Kim" in notes_of(done)
    assert "handed in late, nothing deducted (1): müllerzoë (222)" in notes_of(done)
    assert "excused (EX), left as they are (1)" in notes_of(done)
    assert done.problems == ()


def test_the_columns_number_names_a_canvas_assignment(tmp_path: Path) -> None:
    done = fill(tmp_path / "g.csv", CANVAS.encode(), [of("canvas", 3, JANE, points=5)], "canvas", column="11")
    assert b'Sec ""1""",3,,' in done.content
    assert "an earlier grade was replaced (1): Doe, Jane 1.5 → 3" in notes_of(done)


def test_a_column_that_is_not_there_is_refused_because_canvas_would_make_a_new_assignment(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r'no column called "Homework"; name one of "Other \(11\)", "CNN2'):
        fill(tmp_path / "g.csv", CANVAS.encode(), [], "canvas", column="Homework")


def test_a_german_canvas_gradebook_keeps_its_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    roster = "Student;ID;SIS User ID;SIS Login ID;Section;CNN2 (98765)\n    Points Possible;;;;;10,00\nDoe;12345;;;A;\n"
    done = fill(tmp_path / "g.csv", roster.encode(), [of("canvas", 8.5, JANE)], "canvas")
    assert done.content.decode() == roster.replace("A;\n", "A;8,5\n")


def test_a_canvas_gradebook_may_have_first_and_last_names_apart(tmp_path: Path) -> None:
    roster = (
        "LastName,FirstName,ID,SIS Login ID,Section,CNN2 (98765)\r\n,,,,,Manual Posting\r\n"
        "    Points Possible,,,,,10.00\r\n"
        "Doe,Jane,12345,jdoe,A,\r\nMüller,Zoë,222,zoe,A,\r\nStudent,Test,999,abc,A,\r\n"
    )
    by_name = scored("Zoë Müller", 7)
    done = fill(tmp_path / "g.csv", roster.encode(), [of("canvas", 8.5, JANE), by_name], "canvas")
    assert done.content.decode() == roster.replace("jdoe,A,", "jdoe,A,8.5").replace("zoe,A,", "zoe,A,7")
    assert done.problems == ()
    assert "without a submission" not in notes_of(done)


def test_another_maximum_is_refused_or_scaled_as_asked(tmp_path: Path) -> None:
    roster = CANVAS.replace("10.00", "100").encode()
    with pytest.raises(ExportError, match="the column counts 100 points, the results 10"):
        fill(tmp_path / "g.csv", roster, [of("canvas", 8.5, JANE)], "canvas")
    done = fill(tmp_path / "g.csv", roster, [of("canvas", 8.5, JANE)], "canvas", scale=True)
    assert canvas_scores(done.content)["12345"] == "85"


@pytest.mark.parametrize(("pending", "written"), [("leave", ""), ("zero", "6"), ("decided", "7.5")])
def test_pending_points_are_refused_unless_the_instructor_says_what_becomes_of_them(
    tmp_path: Path, pending: str, written: str
) -> None:
    results = [of("canvas", 6, JANE, pending=2), of("canvas", 9, ZOE)]
    with pytest.raises(ExportError, match=r"pending for 1 student \(up to 2 each\), so nothing was written"):
        fill(tmp_path / "g.csv", CANVAS.encode(), results, "canvas")
    done = fill(tmp_path / "g.csv", CANVAS.encode(), results, "canvas", pending=pending)
    assert (canvas_scores(done.content)["12345"], canvas_scores(done.content)["222"]) == (written, "9")
    assert "pending" in notes_of(done)


def test_anonymous_submissions_match_nobody_and_say_why(tmp_path: Path) -> None:
    done = fill(tmp_path / "g.csv", CANVAS.encode(), [of("canvas", 6, Person(id="aB3x9"))], "canvas")
    assert "handed in anonymously" in done.problems[0]


def test_a_file_name_with_two_readings_is_decided_by_the_gradebook_and_said(tmp_path: Path) -> None:
    two = [scored("doejane_12345_67890_1_cnn2", 7), scored("müllerzoë_LATE_222_5_2_cnn2", 6)]
    done = fill(tmp_path / "g.csv", CANVAS.encode(), two, "canvas")
    scores = canvas_scores(done.content)
    assert (scores["12345"], scores["222"], done.problems) == ("7", "6", ())
    assert "nothing but the name, please check (2): doejane_12345_67890_1_cnn2 as Doe, Jane (12345)" in notes_of(done)
    mallory = CANVAS.replace("Kim,444", "doejane_12345,67890")
    assert "may be Doe, Jane (12345) or doejane_12345 (67890)" in notes_of(
        fill(tmp_path / "g.csv", mallory.encode(), two, "canvas")
    )


def test_a_student_on_two_lines_of_a_gradebook_gets_no_score_on_either(tmp_path: Path) -> None:
    twice = CANVAS.replace('"Müller, Zoë",222', '"Doe, Jane",12345')
    done = fill(tmp_path / "g.csv", twice.encode(), [of("canvas", 6, JANE)], "canvas")
    assert done.content == twice.encode()
    assert "Doe, Jane (12345) stands on 2 lines of the file, keep one" in notes_of(done)


def test_a_file_in_which_nobody_has_a_submission_is_taken_for_the_wrong_one(tmp_path: Path) -> None:
    done = fill(tmp_path / "g.csv", CANVAS.encode(), [of("canvas", 6, Person(name="x", id="1"))], "canvas")
    assert done.content == CANVAS.encode()
    assert "nobody in" in done.problems[1]
    assert "is it another course's or assignment's file?" in done.problems[1]


def test_a_question_that_could_not_be_judged_is_pending_too(tmp_path: Path) -> None:
    failed = Verdict(id="q", title="q", status="error", score=0, points=10)
    with pytest.raises(ExportError, match="still pending for 1 student"):
        fill(tmp_path / "g.csv", CANVAS.encode(), [of("canvas", 0, JANE, questions=(failed,))], "canvas")


SCORES = (
    "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID\n"
    "Jane,Doe,0012,jane@uni.edu,A,,10.0,Missing,\nBob,Ray,13,bob@uni.edu,A,,10.0,Missing,\n"
    "Kim,Poe,14,kim@uni.edu,A,,10.0,Missing,\n"
)


def test_a_group_of_gradescope_gets_its_score_on_every_members_line(tmp_path: Path) -> None:
    group = of("gradescope", 7, Person(name="Bob Ray", number="13"), Person(name="Kim Poe", email="KIM@uni.edu"))
    done = fill(tmp_path / "s.csv", SCORES.encode(), [group], "gradescope")
    assert [row["Total Score"] for row in csv.DictReader(io.StringIO(done.content.decode()))] == ["", "7", "7"]


def test_a_gradescope_export_fills_a_canvas_gradebook_by_the_institutions_number(tmp_path: Path) -> None:
    jane = of("gradescope", 7, Person(name="J. Doe", number="u1234"))
    assert canvas_scores(fill(tmp_path / "g.csv", CANVAS.encode(), [jane], "canvas").content)["12345"] == "7"


def test_names_match_in_either_order_and_what_is_ambiguous_is_named_not_guessed(tmp_path: Path) -> None:
    roster = "Name,Email,score\nJane Doe,j@u,\nPoe Kim,k1@u,\nKim Poe,k2@u,\nBob Ray,b@u,\n"
    results = [scored("Doe, Jane", 1), scored("Kim Poe", 2), scored("b@u", 3), scored("nobody", 4)]
    done = fill(tmp_path / "r.csv", roster.encode(), results, "csv")
    assert done.content.decode() == "Name,Email,score\nJane Doe,j@u,1\nPoe Kim,k1@u,\nKim Poe,k2@u,\nBob Ray,b@u,3\n"
    assert done.problems == (
        "submissions that match nobody in the roster (1): nobody",
        "not clear whose, so nothing was written for them (1): Kim Poe: may be Poe Kim (k1@u) or Kim Poe (k2@u)",
    )


@pytest.mark.parametrize(
    "name", ["Müller-Schmidt, Zoë", "zoë.müller-schmidt", "müllerschmidtzoë", "Schmidt, Zoë Müller"]
)
def test_a_name_is_the_same_in_every_order_that_keeps_its_parts_together(name: str) -> None:
    assert name_variants(name) & name_variants("Zoë Müller-Schmidt")


def test_two_persons_of_one_name_are_told_apart_by_their_addresses(tmp_path: Path) -> None:
    two = [
        of("gradescope", 3, Person(name="Jane Doe", email="j1@u")),
        of("gradescope", 7, Person(name="Jane Doe", email="J2@u")),
    ]
    both = fill(tmp_path / "r.csv", b"Name,Email,score\nJane Doe,j1@u,\nJane Doe,j2@u,\n", two, "csv")
    assert both.content == b"Name,Email,score\nJane Doe,j1@u,3\nJane Doe,j2@u,7\n"
    one = fill(tmp_path / "r.csv", b"Name,Email,score\nJane Doe,j2@u,\n", two, "csv")
    assert one.content == b"Name,Email,score\nJane Doe,j2@u,7\n"
    assert "of those called Jane Doe none in this file has the address j1@u" in notes_of(one)


def test_two_persons_of_one_name_without_anything_else_are_named_and_left(tmp_path: Path) -> None:
    two = [of("canvas", 3, Person(name="doejane", id="1")), of("canvas", 7, Person(name="doejane", id="2"))]
    roster = b"Name,Email,score\nJane Doe,j1@u,\nJane Doe,j2@u,\n"
    done = fill(tmp_path / "r.csv", roster, two, "csv")
    assert done.content == roster
    assert "doejane (1): may be Jane Doe (j1@u) or Jane Doe (j2@u)" in notes_of(done)


def test_the_test_student_of_canvas_is_passed_over_quietly(tmp_path: Path) -> None:
    results = [of("canvas", 8, JANE), of("canvas", 1, Person(name="studenttest", id="999"))]
    done = fill(tmp_path / "g.csv", CANVAS.encode(), results, "canvas")
    assert canvas_scores(done.content)["999"] == ""
    assert done.problems == ()
    assert "test" not in notes_of(done).lower()


def test_somebody_who_is_called_test_student_and_stands_in_the_file_gets_a_score(tmp_path: Path) -> None:
    roster = CANVAS.replace('"Student, Test",999', '"Student, Test A.",999')
    done = fill(tmp_path / "g.csv", roster.encode(), [of("canvas", 4, Person(name="studenttest", id="999"))], "canvas")
    assert canvas_scores(done.content)["999"] == "4"


@pytest.mark.parametrize("columns", ["Essay (11)", "Essay (11),Quiz (12)"])
def test_a_column_of_another_name_is_never_taken_because_it_is_the_only_one(tmp_path: Path, columns: str) -> None:
    roster = f"Student,ID,Section,{columns}\nDoe,12345,A,5\n".encode()
    listed = ", ".join(f'"{one}"' for one in columns.split(","))
    with pytest.raises(ExportError, match=re.escape('no column is called "CNN2 missing layers" or "cnn2"')) as said:
        fill(tmp_path / "g.csv", roster, [of("canvas", 3, JANE)], "canvas")
    assert str(said.value).endswith(f"name it with --column. It has {listed}.")


def test_semicolons_are_found_however_many_commas_stand_in_titles_and_names(tmp_path: Path) -> None:
    roster = (
        "Student;ID;Section;HW 1, parts a, b, c, d, e, f and g (777);cnn2 (888)\n    Points Possible;;;5;10\n"
        'Doe, Jane;12345;DL101, DL102;5;\n"Müller, Zoë ""Z""";222;DL101;5;\n'
    )
    done = fill(tmp_path / "g.csv", roster.encode(), [of("canvas", 8.5, JANE)], "canvas")
    assert done.content.decode() == roster.replace("DL102;5;", "DL102;5;8,5")


@pytest.mark.parametrize("above", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_that_names_the_delimiter_is_obeyed_and_kept(tmp_path: Path, above: str, mark: bytes) -> None:
    roster = f"{above}Name;score\nJane Doe;\n"
    done = fill(tmp_path / "r.csv", mark + roster.encode(), [scored("Jane Doe", 9.5)], "csv")
    assert done.content == mark + roster.replace("Doe;", "Doe;9,5").encode()


def test_a_semicolon_file_gets_a_decimal_comma_as_spreadsheets_there_expect(tmp_path: Path) -> None:
    done = fill(tmp_path / "r.csv", b"Name;Punkte\nJane Doe;\n", [scored("Jane Doe", 9.5)], "csv", column="punkte")
    assert done.content == b"Name;Punkte\nJane Doe;9,5\n"


def test_two_submissions_of_one_line_are_named_and_neither_counts(tmp_path: Path) -> None:
    roster = "Name,Email,score\nJane Doe,j@u,5\n"
    done = fill(tmp_path / "r.csv", roster.encode(), [scored("j@u", 1), scored("Jane Doe", 2)], "csv")
    assert done.content == roster.encode()
    assert "has several submissions, j@u and Jane Doe" in done.problems[0]


def test_a_table_without_a_roster_holds_no_formula_and_no_silent_zero(tmp_path: Path) -> None:
    results = [of("canvas", 6, Person(name="=cmd()", id="1"), pending=2, late=True), scored("@x", 5)]
    rows = list(csv.DictReader(io.StringIO(plain_table(results))))
    assert [row["student"] for row in rows] == ["'=cmd() (1)", "'@x"]
    assert (rows[0]["score"], rows[0]["pending"], rows[0]["late"], rows[0]["id"]) == ("6", "2", "yes", "1")


@pytest.mark.parametrize(
    ("content", "target", "says"),
    [
        (b"a,b\n1,2\n", "canvas", "is no Canvas gradebook"),
        (b"a,b\nx,y\n", "moodle", "is no Moodle grading worksheet"),
        (b"ID,Bewertung,Skala\nTeilnehmer/in7,,gut\n", "moodle", "graded with a scale of words"),
        (b"a,b\nx,y\n", "csv", "does not say who its students are"),
        (b"Name,Email\nx,y\n", "csv", "so which takes the score is not clear"),
        (b"Name,score\n", "csv", "no line below its header"),
        (b"PK\x03\x04", "csv", "is an Excel workbook"),
        (b"", "csv", "no line below its header"),
    ],
)
def test_a_file_that_is_not_the_platforms_is_a_sentence(
    tmp_path: Path, content: bytes, target: Target, says: str
) -> None:
    with pytest.raises(ExportError, match=says):
        fill(tmp_path / "r.csv", content, [], target)


LINES = st.lists(st.text(st.sampled_from('ab,;"\t é'), max_size=8), min_size=2, max_size=6)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([b"", b"\xef\xbb\xbf"]), st.booleans())
def test_a_file_of_which_nothing_is_written_stays_byte_for_byte(
    tmp_path: Path, lines: list[str], end: str, mark: bytes, closed: bool
) -> None:
    content = mark + (end.join(["Name,score", *lines]) + (end if closed else "")).encode()
    (tmp_path / "r.csv").write_bytes(content)
    try:
        assert read_table(tmp_path / "r.csv").content() == content
    except ExportError:
        return
