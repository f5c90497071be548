"""Whether the file that the student saved with PyTorch holds the graded network: by its tensors' names and shapes.

They were read in the sandbox from the instructions of the file's pickle (`observe.state_files`); nothing is unpickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.checks.base import Context
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.core.messages import message
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFile, CapturedNetwork
from autograder.records.result import Finding, Verdict

if TYPE_CHECKING:
    from autograder.checks.saved_model import SavedModel

_ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".tar")


def judge_state(question: SavedModel, student: StudentNetwork, context: Context) -> Verdict:
    """The verdict on a question about the file of a PyTorch network."""
    files = [file for file in context.evidence.files if file.name.casefold().endswith(_ENDINGS)]
    if question.file:
        files = [file for file in files if file.name.rpartition("/")[2] == question.file] or files
    notes, captured = student.findings, student.captured
    if not files or captured is None:
        nothing = Finding(
            message=message("saved.none", "No file with a saved network was found beside the notebook."),
            hint=message(
                "hint.save_state",
                "Save the `state_dict` of the network with `torch.save`, and look whether its cell runs to the end.",
            ),
        )
        return question.verdict("not_reached", 0.0, *notes, nothing)
    problems = [_problem(question, file, captured, context) for file in files]
    if None in problems:
        return question.verdict("correct", question.points, *notes)
    shown = [problem for problem in problems[:5] if problem is not None]
    unread = any(file.state is None or not captured.tensors for file in files)
    return question.verdict("needs_review" if unread else "wrong", 0.0, *notes, *shown)


def _problem(question: SavedModel, file: CapturedFile, graded: CapturedNetwork, context: Context) -> Finding | None:
    """What is wrong with one file; None if it holds the network that is graded."""
    name = shown_value(file.name)
    if question.file and file.name.rpartition("/")[2] != question.file:
        return Finding(
            message=message("saved.other_file", "`{file}` is not the file that was asked for.", file=name),
            hint=message("hint.save_as", "Save it as {file}.", file=question.file),
        )
    if file.state is None or not graded.tensors:
        return Finding(
            message=message("saved.state_unread", "`{file}` could not be read, so a person looks at it.", file=name),
            hint=message("hint.save_state_alone", "Save the `state_dict` alone: it holds nothing but tensors."),
        )
    saved, wanted = ({one.name: one.shape for one in tensors} for tensors in (file.state, graded.tensors))
    if saved == wanted:
        return too_early(question, file, context)
    for label, shape in wanted.items():
        if label not in saved:
            return Finding(
                message=message(
                    "saved.state_misses",
                    "`{file}` does not hold the tensor {tensor} of the network.",
                    file=name,
                    tensor=shown_value(label),
                )
            )
        if saved[label] != shape:
            return Finding(
                message=message(
                    "saved.state_shape",
                    "In `{file}` the tensor {tensor} has another shape than in the network.",
                    file=name,
                    tensor=shown_value(label),
                )
            )
    return Finding(
        message=message("saved.state_more", "`{file}` holds tensors that the network does not have.", file=name)
    )


def too_early(question: SavedModel, file: CapturedFile, context: Context) -> Finding | None:
    """A finding if the file was last saved before the network was trained, if that is required and known."""
    student = find_network(context, question.network)
    record = student.record
    if not question.trained or record is None:
        return None
    asked = any(one.kind == "history" and question.network in one.networks() for one in context.questions)
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
            "saved.before_training", "`{file}` was saved before the network was trained.", file=shown_value(file.name)
        ),
        hint=hint,
    )
