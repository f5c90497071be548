"""Whether the file that the student saved holds the graded network. It is parsed, never loaded with Keras."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal

from pydantic import Field

from autograder.checks.base import Context, Question
from autograder.checks.read_network import read_network
from autograder.checks.saved_state import is_state, is_unread, state_difference
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.core.language import gettext_noop
from autograder.core.messages import message, phrase
from autograder.network.architecture import Architecture
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFile
from autograder.records.kernel_json import InvalidEvidence, check_depth
from autograder.records.result import Finding, Verdict

_MAX_DEPTH = 64


class SavedModel(Question):
    """A `.keras` file that holds `network` as it is in the notebook at the end; all points or none.

    `file` is the name it must have, if that matters; `trained` requires that it was saved after a `fit`. Only the
    description of the network in the file is read; files in other formats are named, but not opened.
    """

    kind: Literal["saved_model"]
    network: str = Field(min_length=1, max_length=200)
    file: str = Field(default="", max_length=200)
    trained: bool = False

    public: ClassVar[tuple[str, ...]] = ("network", "file", "trained")

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def judge(self, context: Context) -> Verdict:
        student = find_network(context, self.network)
        captured = student.captured
        torch = captured if captured is not None and captured.framework == "torch" else None
        if student.architecture is None and torch is None:
            status = "not_reached" if captured is None else "wrong"
            return self.verdict(status, 0.0, Finding(message=student.problem))
        notes = student.findings
        files = [file for file in context.evidence.files if (is_state(file) if torch else _format(file))]
        if self.file:
            files = [file for file in files if file.name.rpartition("/")[2] == self.file] or files
        if not files:
            nothing = Finding(
                message=message("saved.none", "No file with a saved network was found beside the notebook."),
                hint=_SAVE_STATE if torch else _SAVE,
            )
            return self.verdict("not_reached", 0.0, *notes, nothing)
        problems = [self._problem(file, student, context) for file in files]
        if None in problems:
            return self.verdict("correct", self.points, *notes)
        unread = torch is not None and any(is_unread(file, torch) for file in files)
        shown = [problem for problem in problems[:5] if problem is not None]
        return self.verdict("needs_review" if unread else "wrong", 0.0, *notes, *shown)

    def _problem(self, file: CapturedFile, student: StudentNetwork, context: Context) -> Finding | None:
        """What is wrong with one file; None if it holds the network that is graded."""
        if self.file and file.name.rpartition("/")[2] != self.file:
            return Finding(
                message=message(
                    "saved.other_file", "`{file}` is not the file that was asked for.", file=shown_value(file.name)
                ),
                hint=message("hint.save_as", "Save it as {file}.", file=self.file),
            )
        if student.captured is not None and student.captured.framework == "torch":
            difference = state_difference(file, student.captured)
        else:
            difference = self._difference(file, student.architecture, context)
        return difference or self._too_early(file, student, context)

    def _too_early(self, file: CapturedFile, student: StudentNetwork, context: Context) -> Finding | None:
        """A finding if the file was last saved before the network was trained, if that is required and known."""
        record = student.record
        if not self.trained or record is None:
            return None
        asked = any(one.kind == "history" and self.network in one.networks() for one in context.questions)
        if asked and not record.did("fit"):
            return None  # it was never trained, which costs points there
        events = [event for event in record.did("fit", "save") if event.kind == "fit" or event.name == file.name]
        saved = [place for place, event in enumerate(events) if event.kind == "save"]
        if not saved or any(event.kind == "fit" for event in events[: saved[-1]]):
            return None
        hint = message("hint.save_trained", "Save the network after `fit`.")
        if student.captured is not None and student.captured.framework == "torch":
            hint = message("hint.save_after_loop", "Save the network after the loop that trains it.")
        return Finding(
            message=message(
                "saved.before_training",
                "`{file}` was saved before the network was trained.",
                file=shown_value(file.name),
            ),
            hint=hint,
        )

    def _difference(self, file: CapturedFile, graded: Architecture | None, context: Context) -> Finding | None:
        """How the network in a file of Keras differs from the graded one; None if it is the same."""
        name = shown_value(file.name)
        other_format = _OTHER_FORMATS.get(_format(file))
        if other_format:
            return Finding(
                message=message(*other_format, file=name),
                hint=message("hint.save_keras", "Save it in a file that ends in .keras."),
            )
        try:
            saved = _saved_network(file, context)
        except UnknownNetwork as error:
            sentence = message(
                "saved.unread", "The network in `{file}` cannot be read: {reason}.", file=name, reason=error.reason
            )
            return Finding(message=sentence)
        if saved == graded:
            return None
        for one in context.evidence.networks:
            if find_network(context, one.name).architecture == saved:
                return Finding(
                    message=message(
                        "saved.other_variable",
                        "`{file}` holds the network `{network}`, not the one that is graded.",
                        file=name,
                        network=shown_value(one.name),
                    ),
                    hint=message("hint.save_network", "Save `{network}`.", network=self.network),
                )
        return Finding(
            message=message(
                "saved.other",
                "`{file}` holds another network than `{network}` is at the end of the notebook.",
                file=name,
                network=self.network,
            ),
            hint=message(
                "hint.save_again",
                "Perhaps the network was changed after it had been saved: save it again after the last change.",
            ),
        )


_SAVE = message(
    "hint.save",
    "Save the network in Keras' own format, and look whether the cell that does it runs to its end.",
)
_SAVE_STATE = message(
    "hint.save_state",
    "Save the `state_dict` of the network with `torch.save`, and look whether its cell runs to the end.",
)
_OTHER_FORMATS = {
    "weights": (
        "saved.weights",
        gettext_noop("`{file}` holds the weights alone, without the network that they belong to."),
    ),
    "h5": ("saved.h5", gettext_noop("`{file}` is in the old HDF5 format, which is not opened here.")),
    "folder": ("saved.folder", gettext_noop("`{file}` belongs to TensorFlow's own format, which is not opened here.")),
}


def _format(file: CapturedFile) -> str:
    """The format that the name implies; "" if the file is not a saved network."""
    name = file.name.casefold()
    if name.endswith(".keras"):
        return "keras"
    if name.endswith(".weights.h5"):
        return "weights"
    if name.endswith((".h5", ".hdf5")):
        return "h5"
    return "folder" if name.endswith("saved_model.pb") else ""


def _saved_network(file: CapturedFile, context: Context) -> Architecture:
    """The network in a `.keras` file: as the file describes it, otherwise as it was when it was saved.

    A class that the student wrote has no description in its file.

    Raises:
        UnknownNetwork: neither can be read.
    """
    try:
        return _described_network(file)
    except UnknownNetwork:
        for record in reversed(context.evidence.records):
            for event in reversed(record.did("save")):
                state = record.state(event.state)
                if event.name == file.name and state is not None:
                    saved = read_network(state, None).architecture
                    if saved is not None:
                        return saved
        raise


def _described_network(file: CapturedFile) -> Architecture:
    """The network that a `.keras` file describes.

    Raises:
        UnknownNetwork: it describes none, or one that cannot be read.
    """
    if file.config is None:
        raise UnknownNetwork(phrase("there is no description of a network in the file"))
    try:
        described = json.loads(file.config)
        check_depth(described, _MAX_DEPTH)
    except (ValueError, RecursionError, InvalidEvidence):
        raise UnknownNetwork(phrase("the description in the file is damaged")) from None
    class_name, config = (
        described.get(key) if isinstance(described, dict) else None for key in ("class_name", "config")
    )
    if not isinstance(class_name, str) or not isinstance(config, dict):
        raise UnknownNetwork(phrase("the description in the file is not one of a network"))
    return canonicalize(class_name, config, input_shape=_input_shape(described))


def _input_shape(described: dict[str, Any]) -> tuple[int | None, ...] | None:
    build = described.get("build_config")
    shape = build.get("input_shape") if isinstance(build, dict) else None
    if not isinstance(shape, list) or not all(size is None or type(size) is int for size in shape):
        return None
    return tuple(shape)
