"""Runs the solution under otter while `otter assign` tries its tests on it: with our images and short training.

A plugin for the zip that otter makes for that run only; students do not receive it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from otter.plugins import AbstractOtterPlugin


class Rehearsal(AbstractOtterPlugin):  # type: ignore[misc]
    """Inserts a cell at the start of the notebook; its configuration is
    {"datasets": [...], "sources": [...], "base_models": [...], "shorten": true}."""

    def before_execution(self, submission: Any) -> nbformat.NotebookNode:
        """The notebook with a first cell that prepares its kernel."""
        notebook = nbformat.from_dict(submission)
        given = self.plugin_config
        names, sources, shorten = list(given["datasets"]), list(given["sources"]), bool(given["shorten"])
        models = list(given["base_models"])
        first = nbformat.v4.new_code_cell(
            "from autograder.authoring.release.otter_rehearsal import prepare_rehearsal\n"
            f"prepare_rehearsal({names!r}, {sources!r}, {models!r}, shorten={shorten})"
        )
        notebook.cells.insert(0, first)
        return notebook


def prepare_rehearsal(
    datasets: Sequence[str],
    sources: Sequence[Mapping[str, Any]],
    base_models: Sequence[Mapping[str, Any]],
    *,
    shorten: bool,
) -> None:
    """Inside otter's kernel: provide these datasets, the files of declared ones and base models, and shorten every call
    of `fit`, as grading does.

    Raises:
        autograder.datasets.DatasetMissing: one of them is not on this machine.
    """
    from autograder.datasets import BaseModel, DatasetSource
    from autograder.observe.capture import Describer  # noqa: F401  (imports Keras, whose functions are replaced)
    from autograder.observe.dataset_files import lay
    from autograder.observe.dataset_loader import serve
    from autograder.observe.dataset_memory import ServedData
    from autograder.observe.fit_recorder import FitRecorder

    FitRecorder(shorten=shorten)
    data = ServedData()
    served = [data.get(name) for name in datasets]
    files = data.get_files(
        [DatasetSource.model_validate(source) for source in sources],
        [BaseModel.model_validate(model) for model in base_models],
    )
    laid = lay(files)
    serve([one.layout for one in served], [one.descriptor for one in served], laid)
