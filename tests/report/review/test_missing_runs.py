"""The desk's button: the training runs that results lack are made, and the results are judged again."""

from pathlib import Path

import nbformat
import pytest
from starlette.testclient import TestClient

from autograder.assignment import load
from autograder.grading.answer_key import AnswerKey
from autograder.grading.gradebook_location import claim
from autograder.grading.judge import conclude, with_runs
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import bring_up_to_date, reviewed
from autograder.report.review.queues import ReviewQueues
from autograder.report.review.web import review_app

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
WINE = load(str(Path(__file__).parents[3] / "assignments" / "wine"))


def test_the_button_makes_the_runs_that_results_lack(tmp_path: Path) -> None:
    answer_key, folder = AnswerKey.stored(WINE), tmp_path / "report"
    reference = answer_key.reference_context()
    made = conclude(answer_key, "ada", "ada.ipynb", with_runs(answer_key, reference, lambda task: None))
    assert any(one.code == "question.needs_run" for verdict in made.questions for one in verdict.findings)
    content = nbformat.writes(nbformat.read(WINE.solution_path, as_version=4)).encode()
    with Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        claim(gradebook, WINE, folder)
        gradebook.store_evidence(reference.evidence)
        keys = {**made.keys, "result": "ada", "evidence": reference.evidence.key}
        result = made.model_copy(update={"keys": keys})
        gradebook.store_graded(result, result_key="ada", slug="ada", path="ada.ipynb", content=content)
        desk, told = ReviewQueues(folder, gradebook, WINE, "R"), []
        page = lambda student: bring_up_to_date(folder, WINE, gradebook, student)  # noqa: E731
        client = TestClient(review_app(desk, told.append, page), base_url="http://127.0.0.1")
        assert "1 result waits for our training run." in client.get("/").text
        answered = client.post("/runs")
        assert (answered.status_code, told) == (200, ["ada"])
        assert "training run" not in answered.text
        (stored,) = reviewed(gradebook)
        assert not [one for one in stored.result.questions if one.score < one.points and one.status != "needs_review"]
        assert stored.result.score > made.score
        assert {one.id: one.status for one in stored.result.questions}["accuracy"] == "correct"
        assert client.get("/").status_code == 200
