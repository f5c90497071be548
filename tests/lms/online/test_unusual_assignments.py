"""What assignments, students and tokens can be like: on both platforms, over HTTP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from platforms import BOOKS, IN_TIME, OnCanvas, Platform, graded_class
from samples.sums_course import autograder, notebook, pulled_and_graded, sentence

from autograder.intake import read_submissions


def test_an_assignment_is_known_by_its_id_and_not_by_its_title(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    platform.stub.title = "Sums, corrected"  # type: ignore[attr-defined]
    status, said = autograder("push", platform.name, report)
    assert (status, said.startswith(f'"Sums, corrected" on {platform.name}')) == (0, True), said
    platform.stub.gone = True  # type: ignore[attr-defined]
    said = sentence("push", platform.name, report, "--yes")
    assert "no such course or assignment" in said or 'The assignment "77": none is called that' in said
    assert not platform.stub.writes()


def test_without_points_there_is_no_grade_and_no_zero(platform: Platform, tmp_path: Path) -> None:
    for points in (0, None):
        platform.stub.points = points  # type: ignore[attr-defined]
        report = graded_class(platform, tmp_path) if points == 0 else tmp_path / "report"
        for options in ((), ("--scale",)):
            status, said = autograder("push", platform.name, report, "--yes", *options)
            assert (status, "refused (3):" in said, "nothing to send" in said) == (0, True, True), said
    assert not platform.stub.writes()


def test_a_maximum_may_be_a_fraction(platform: Platform, tmp_path: Path) -> None:
    platform.stub.points = 3.5  # type: ignore[attr-defined]
    report = graded_class(platform, tmp_path)
    assert autograder("push", platform.name, report, "--yes", "--scale")[0] == 0
    assert {student: grade for student, (grade, _) in platform.state().items()} == {11: 3, 12: 1, 13: 2}
    assert "nothing to send" in autograder("push", platform.name, report, "--yes", "--scale")[1]


def test_names_of_any_script_and_files_of_any_kind(platform: Platform, tmp_path: Path) -> None:
    names = {11: "Ōtani 🐙 ‮evil", 12: "נועה כהן", 13: "../../etc/passwd", 14: "=HYPERLINK(1)", 15: "O'Brien; DROP"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("work/sums.ipynb", notebook(8, 9))
    for number, name in names.items():
        platform.enrol(number, name)
    platform.hand_in(11, notebook(8, 9))
    platform.stub.attach(11, b"%PDF", "שלום.pdf")  # type: ignore[attr-defined]
    platform.stub.attach(11, b"x = 1", "../../../helper.py")  # type: ignore[attr-defined]
    platform.stub.hand_in(12, packed.getvalue(), IN_TIME.replace("+00:00", "Z"), name="work.zip")  # type: ignore[attr-defined]
    platform.hand_in(13, notebook(7, 9))
    report = pulled_and_graded(tmp_path, platform.name, *platform.where)
    pulled = tmp_path / "pulled" / f"{platform.name}-{platform.where[1]}"
    stored = sorted(str(path.relative_to(pulled)) for path in pulled.rglob("*") if path.is_file())
    assert [path.split("/")[0] for path in stored] == ["11", "11", "11", "12", "13", "pulled.json"]
    assert all(len(path.split("/")) == 3 for path in stored[:-1])
    platform.stub.hand_in_text(14, IN_TIME.replace("+00:00", "Z"))  # type: ignore[attr-defined]
    assert "1 new (0 files), 3 unchanged" in autograder("pull", platform.name, *platform.where)[1]
    found = {one.handed_in.persons[0].id: one for one in read_submissions(pulled).submissions if one.handed_in}
    assert sorted(found) == ["11", "12", "13", "14"]
    assert str(found["14"].problem).startswith("No notebook (.ipynb) was handed in")
    status, said = autograder("push", platform.name, report, "--yes")
    assert status == 0, said
    assert "(handed in, but not graded here)" in said
    assert {student: grade for student, (grade, _) in platform.state().items()} == {
        **{11: 6, 12: 6, 13: 4, 14: None, 15: None}
    }
    assert "‮" not in said
    assert "nothing to send" in autograder("push", platform.name, report, "--yes")[1]


def test_a_right_that_the_token_lacks_is_named(tmp_path: Path, platform: Platform) -> None:
    if not isinstance(platform, OnCanvas):
        pytest.skip("Moodle's rights are those of its functions: test_moodle_round_trip")
    # canvasapi takes 401 for a token that is not valid only if Canvas asks for another one.
    for status in (401, 403):
        platform.stub.denied = ("/submissions", status)
        said = sentence("pull", "canvas", *platform.where)
        assert "while reading the assignment; the role in the course needs “Grades - view all grades”" in said
    platform.stub.denied = None
    report = graded_class(platform, tmp_path)
    platform.stub.denied = ("update_grades", 403)
    ended, said = autograder("push", "canvas", report, "--yes")
    assert (ended, "needs “Grades - edit”" in said.splitlines()[-1]) == (2, True), said
    assert not any(one.entered for one in platform.stub.students.values())


def test_a_platform_may_be_hosted_below_a_path(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, address = platform.stub.handle, platform.stub.address

    def below(request):  # type: ignore[no-untyped-def]
        assert request.path.startswith("/lms/"), request.path
        request.path = request.path.removeprefix("/lms")
        return inner(request)

    platform.stub.handle = below  # type: ignore[method-assign]
    platform.stub.address = f"{address}/lms"
    monkeypatch.setenv(f"AUTOGRADER_{platform.name.upper()}_URL", f"{address}/lms/")
    report = graded_class(platform, tmp_path)
    status, said = autograder("push", platform.name, report, "--yes")
    assert (status, "sent and read back: 3 of 3" in said) == (0, True), said
    assert sorted(BOOKS) == [student for student, (grade, comments) in platform.state().items() if grade and comments]


def test_a_date_or_number_that_is_none_is_one_sentence(platform: Platform) -> None:
    platform.enrol(11, "Ada")
    platform.stub.points = "many"  # type: ignore[attr-defined]
    assert "gave an answer that is not understood" in sentence("pull", platform.name, *platform.where)
