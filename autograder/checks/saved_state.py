"""Whether the file that the student saved with PyTorch holds the graded network: by its tensors' names and shapes.

They were read in the sandbox from the instructions of the file's pickle (`observe.state_files`); nothing is unpickled.
"""

from __future__ import annotations

from autograder.core.messages import message
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFile, CapturedNetwork
from autograder.records.result import Finding

_ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".tar")


def is_state(file: CapturedFile) -> bool:
    """Whether the name implies a file that `torch.save` wrote."""
    return file.name.casefold().endswith(_ENDINGS)


def is_unread(file: CapturedFile, graded: CapturedNetwork) -> bool:
    """Whether the tensors of the file or of the network are unknown, so that a person has to look."""
    return file.state is None or not graded.tensors


def state_difference(file: CapturedFile, graded: CapturedNetwork) -> Finding | None:
    """How the tensors in a file differ from those of the graded network; None if they are the same."""
    name = shown_value(file.name)
    if file.state is None or not graded.tensors:
        return Finding(
            message=message("saved.state_unread", "`{file}` could not be read, so a person looks at it.", file=name),
            hint=message("hint.save_state_alone", "Save the `state_dict` alone: it holds nothing but tensors."),
        )
    saved, wanted = ({one.name: one.shape for one in tensors} for tensors in (file.state, graded.tensors))
    if saved == wanted:
        return None
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
