"""Our plugin for otter: replaces otter's execution with ours, in another process, and its results with ours.

Otter's kernel sees an empty notebook. Other submitted files are put aside first, because that kernel would import
modules from the submission's folder, and otter would unpickle its log.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
from otter.plugins import AbstractOtterPlugin
from otter.run.run_autograder.utils import OtterRuntimeError

from autograder.core.language import use_language
from autograder.lms.otter_results import become_graded
from autograder.lms.packaged import GradingFailed, close_to_others, grade_packaged, packaged_assignment, student_of
from autograder.records.result import Result

LOG = ".OTTER_LOG"
_OTTERS_OWN = frozenset({"tests"})


class AutograderPlugin(AbstractOtterPlugin):  # type: ignore[misc]
    """Grades with the assignment in the same zip."""

    _result: Result
    _source: Path

    def before_grading(self, config: Any) -> None:
        """Delete the submitted log, put aside all but the notebook, and close the folders to the notebook's user."""
        notebook, base = Path(self.submission_path), Path(config.autograder_dir).resolve()
        (notebook.parent / LOG).unlink(missing_ok=True)
        config.grade_from_log = False
        self._source = base / "source"
        _put_aside(notebook, base / "aside")
        close_to_others(*(base / name for name in ("source", "results", "submission", "aside")), *base.glob("*.zip"))

    def before_execution(self, submission: Any) -> nbformat.NotebookNode:
        """Grade, and give otter an empty notebook to execute.

        Raises:
            OtterRuntimeError: the grader itself failed; otter writes a `results.json` that says so.
        """
        notebook = Path(self.submission_path)
        try:
            self._result = grade_packaged(self._source, notebook, student_of(self.submission_metadata, notebook.stem))
        except GradingFailed as failure:
            raise OtterRuntimeError(f"The autograder itself failed: {failure}") from None
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return nbformat.v4.new_notebook(metadata={"kernelspec": kernel})

    def after_grading(self, results: Any) -> None:
        """Replace otter's result with ours."""
        assignment = packaged_assignment(self._source)
        hidden = {question.id for question in assignment.questions if question.hidden}
        with use_language(assignment.language):
            become_graded(results, self._result, hidden)


def _put_aside(notebook: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in sorted(notebook.parent.iterdir()):
        if path != notebook and path.name not in _OTTERS_OWN:
            shutil.move(path, folder / path.name)
