"""Rules about a training loop written with PyTorch: from counts of its calls (claims), never from its text.

Sources, all of PyTorch's documentation (https://docs.pytorch.org/docs/stable/): the FAQ (notes/faq.html), "My model
reports cuda runtime error(2): out of memory", about losses that are summed up with their history; `CrossEntropyLoss`
(generated/torch.nn.CrossEntropyLoss.html), whose input is unnormalized logits; "Autograd mechanics"
(notes/autograd.html), about no_grad and evaluation mode; the recipe "Zeroing out gradients in PyTorch" of its
tutorials. The kinds of training faults are those of Humbatova et al., Taxonomy of Real Faults (ICSE 2020).

Each rule needs the mistake itself to have happened: gradients that were added to used ones, rows of probabilities, a
loss whose graph still exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from autograder.core.messages import message
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding
from autograder.records.training_loop import CapturedLoop

LoopRule = Callable[[CapturedLoop], "Finding | None"]


def loop_findings(fits: Iterable[CapturedFit], evaluations: Sequence[str], wanted: CapturedFit | None) -> list[Finding]:
    """What is wrong with the loops that trained a network; each mistake once, causes of not learning first.

    Args:
        fits: the training of one network, in order.
        evaluations: the details of its events "evaluate": words that are fields of `CapturedLoop`.
        wanted: the solution's training, whose own way is not a mistake.
    """
    loops = [(fit, fit.loop) for fit in fits if fit.loop is not None]
    if not loops:
        return []
    model = None if wanted is None else wanted.loop
    found = []
    for name, rule in LOOP_RULES:
        usual = model is not None and rule(model) is not None
        hit = next((one for fit, loop in loops if _applies(name, fit) and (one := rule(loop)) is not None), None)
        if hit is None:
            hit = next((one for detail in evaluations if (one := rule(_evaluation(detail))) is not None), None)
        if hit is not None and not usual:
            found.append(hit)
    return found


def _applies(name: str, fit: CapturedFit) -> bool:
    """The order of rows matters where the network learns classes; it may be meant for numbers, such as series."""
    return name != "shuffle" or str((fit.targets or {}).get("dtype", "")).startswith("int")


def _evaluation(detail: str) -> CapturedLoop:
    """The counts of an evaluation in a cell of its own."""
    words = set(detail.split())
    names = ("evaluated_in_training", "evaluated_with_gradients", "best_over_batch")
    counts: dict[str, int] = {name: 1 for name in names if name in words}
    return CapturedLoop(mode_matters="mode_matters" in words, **counts)


def backward_missing(loop: CapturedLoop) -> Finding | None:
    """Steps, but `backward` was never called."""
    if not loop.steps or loop.backwards:
        return None
    return Finding(
        message=message(
            "loop.no_backward",
            "Your loop calls `step` but never `backward`, so the optimizer has no gradients and the network stays as "
            "it is.",
        ),
        hint=message("hint.loop_gradients", "Which call computes the gradients of the loss?"),
    )


def step_missing(loop: CapturedLoop) -> Finding | None:
    """Gradients, but no optimizer ever took a step."""
    if not loop.backwards or loop.steps or loop.foreign_steps:
        return None
    return Finding(
        message=message(
            "loop.no_step",
            "Your loop computes gradients, but the optimizer never takes a step, so the network stays as it is.",
        ),
        hint=message("hint.loop_step", "Which call changes the weights once their gradients are known?"),
    )


def other_network(loop: CapturedLoop) -> Finding | None:
    """Only steps of optimizers that hold no parameter of the network that was called."""
    if not loop.foreign_steps or loop.steps:
        return None
    return Finding(
        message=message(
            "loop.other_network",
            "The optimizer changes the weights of another network than the one that your loop calls: it was made for "
            "a network that was replaced afterwards.",
        ),
        hint=message("hint.loop_optimizer_after", "Make the optimizer after the network that it is to change."),
    )


def cleared_before_step(loop: CapturedLoop) -> Finding | None:
    """Every step found no gradients, although they had been computed."""
    if not loop.backwards or not loop.steps or loop.empty_steps < loop.steps:
        return None
    return Finding(
        message=message(
            "loop.cleared_before_step",
            "The gradients are cleared between `backward` and `step`, so no step changes anything.",
        ),
        hint=message("hint.loop_order", "In which order do `zero_grad`, `backward` and `step` have to come?"),
    )


def gradients_kept(loop: CapturedLoop) -> Finding | None:
    """`backward` added to gradients that a step had already used."""
    if loop.stale_gradients < 1:
        return None
    return Finding(
        message=message(
            "loop.no_zero_grad",
            "The gradients are not cleared between two steps (`zero_grad`): `backward` adds to those of earlier "
            "batches, so the steps grow and go the wrong way.",
        ),
        hint=message("hint.loop_zero_grad", "What do the gradients hold when `backward` is called a second time?"),
    )


def softmax_twice(loop: CapturedLoop) -> Finding | None:
    """A cross-entropy that applies softmax itself was given probabilities."""
    if not loop.probabilities:
        return None
    return Finding(
        message=message(
            "loop.softmax_twice",
            "The network ends with softmax, and `CrossEntropyLoss` applies softmax again. That flattens the "
            "probabilities, and the network learns slowly or not at all.",
        ),
        hint=message("hint.loop_softmax", "What does PyTorch's documentation say that `CrossEntropyLoss` expects?"),
    )


def never_training(loop: CapturedLoop) -> Finding | None:
    """Gradients were computed while a network with dropout or batch normalization was in evaluation mode."""
    if not loop.trained_in_evaluation or not loop.mode_matters:
        return None
    return Finding(
        message=message(
            "loop.trained_in_evaluation",
            "The network was trained in evaluation mode: after `eval()`, dropout and batch normalization stay off "
            "until `train()` is called.",
        ),
        hint=message("hint.loop_train_mode", "Which mode is the network in when the second epoch begins?"),
    )


def data_not_moved(loop: CapturedLoop) -> Finding | None:
    """The notebook asks for a GPU and moves the network, but never a tensor."""
    if not loop.gpu_wanted or not loop.network_moved or loop.data_moved:
        return None
    return Finding(
        message=message(
            "loop.data_not_moved",
            "The network is moved to a device, but its data never is. On a machine with a GPU the first batch stops "
            "with an error.",
        ),
        hint=message("hint.loop_devices", "Network, images and labels have to be on the same device."),
    )


def wrong_axis(loop: CapturedLoop) -> Finding | None:
    """The largest output was looked for along the batch."""
    if not loop.best_over_batch:
        return None
    return Finding(
        message=message(
            "loop.wrong_axis",
            "`argmax` or `max` runs over the images of a batch instead of over the classes, so the accuracy that you "
            "compute is none.",
        ),
        hint=message("hint.loop_axis", "Which axis of the output holds the classes? Look at its shape."),
    )


def validated_in_training(loop: CapturedLoop) -> Finding | None:
    """A network with dropout or batch normalization was evaluated in training mode."""
    if not loop.evaluated_in_training or not loop.mode_matters:
        return None
    return Finding(
        message=message(
            "loop.no_eval",
            "The network is evaluated in training mode, without `eval()`: dropout and batch normalization then change "
            "its outputs.",
        ),
        hint=message("hint.loop_eval", "Which layers of your network behave differently while it learns?"),
    )


def validated_with_gradients(loop: CapturedLoop) -> Finding | None:
    """Gradients were recorded in an evaluation."""
    if not loop.evaluated_with_gradients:
        return None
    return Finding(
        message=message(
            "loop.no_no_grad",
            "The network is evaluated without `torch.no_grad()`, so each batch records what only `backward` needs: "
            "that costs memory and time.",
        ),
        hint=message("hint.loop_no_grad", "How is PyTorch told that no gradients are needed?"),
    )


def last_loss(loop: CapturedLoop) -> Finding | None:
    """Of all losses of a pass, only the last one was read, after the pass."""
    if not loop.last_loss_only:
        return None
    return Finding(
        message=message(
            "loop.last_loss",
            "The loss that you report for an epoch is that of its last batch alone; it says little about the others.",
        ),
        hint=message("hint.loop_mean", "How do you get the mean loss of all batches of an epoch?"),
    )


def losses_kept(loop: CapturedLoop) -> Finding | None:
    """Losses of earlier batches still had their graph at the end of a pass."""
    if not loop.losses_kept:
        return None
    return Finding(
        message=message(
            "loop.losses_kept",
            "You keep the loss as a tensor; with it, PyTorch keeps everything that it was computed from, so the memory "
            "grows with each batch.",
        ),
        hint=message("hint.loop_item", "How do you get a plain number from a tensor that holds one?"),
    )


def not_shuffled(loop: CapturedLoop) -> Finding | None:
    """The training batches came in the order of the data, and the notebook did not permute it."""
    if loop.shuffled is not False or loop.permuted or (loop.batches_per_pass or 0) < 2:
        return None
    if not loop.batches:  # no loader gave them
        return Finding(
            message=message(
                "loop.same_order",
                "The training images come in the same order in every epoch: the loop takes the same parts of the data "
                "one after the other.",
            ),
            hint=message(
                "hint.loop_permute", "Which function of PyTorch gives the numbers of the rows in random order?"
            ),
        )
    return Finding(
        message=message(
            "loop.not_shuffled",
            "The training images come in the same order in every epoch: the `DataLoader` does not shuffle them.",
        ),
        hint=message("hint.loop_shuffle", "Which argument of `DataLoader` changes the order in each epoch?"),
    )


LOOP_RULES: tuple[tuple[str, LoopRule], ...] = (
    ("backward", backward_missing),
    ("step", step_missing),
    ("other network", other_network),
    ("cleared", cleared_before_step),
    ("zero_grad", gradients_kept),
    ("softmax", softmax_twice),
    ("training mode", never_training),
    ("devices", data_not_moved),
    ("axis", wrong_axis),
    ("eval", validated_in_training),
    ("no_grad", validated_with_gradients),
    ("last loss", last_loss),
    ("losses kept", losses_kept),
    ("shuffle", not_shuffled),
)
