"""Runs the solution under otter, while `otter assign` tries its tests on it: with our images and short training.

A plugin for the zip that otter makes for that one run; it is not handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nbformat
from otter.plugins import AbstractOtterPlugin

REHEARSAL_PLUGIN = "autograder.authoring.release.otter_rehearsal.Rehearsal"


class Rehearsal(AbstractOtterPlugin):  # type: ignore[misc]
    """Puts one cell before the notebook; its configuration is {"datasets": [...], "shorten": true}."""

    def before_execution(self, submission: Any) -> nbformat.NotebookNode:
        """The notebook with the cell that prepares its kernel."""
        notebook = nbformat.from_dict(submission)
        call = f"prepare({list(self.plugin_config['datasets'])!r}, shorten={bool(self.plugin_config['shorten'])})"
        first = nbformat.v4.new_code_cell(f"from autograder.authoring.release.otter_rehearsal import prepare\n{call}")
        notebook.cells.insert(0, first)
        return notebook


def prepare_rehearsal(datasets: Sequence[str], *, shorten: bool) -> None:
    """Inside otter's kernel: serve these datasets, and cut every call of `fit` short, as grading does.

    Raises:
        autograder.datasets.DatasetMissing: one of them is not on this machine.
    """
    from autograder.observe.capture import Describer  # noqa: F401  (imports Keras, whose functions are replaced)
    from autograder.observe.dataset_loader import serve
    from autograder.observe.dataset_memory import ServedData
    from autograder.observe.fit_recorder import FitRecorder

    FitRecorder(shorten=shorten)
    data = ServedData()
    served = [data.get(name) for name in datasets]
    serve([one.layout for one in served], [one.descriptor for one in served])
