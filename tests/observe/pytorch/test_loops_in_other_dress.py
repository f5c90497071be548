"""Thirty right training loops in other dress than `written_loops`, and these with one mistake each."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs torch: make torch")

import loops_by_epoch as epochs
import loops_by_step as steps
from test_written_loops import LONG, codes, fits_of

from tests.observe.conftest import Observe

RIGHT = {**steps.BY_STEP, **epochs.BY_EPOCH}
# The code of the finding, a right loop, and its edits: pairs of what is there and what is written instead.
WRONG: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    # Whether the notebook permutes its data counts for all that follows.
    (
        "loop.not_shuffled",
        epochs.CUSTOM_DATASET_SAMPLER,
        (("batch_sampler=BatchSampler(RandomSampler(data), 32, drop_last=False)", "batch_size=32"),),
    ),
    ("loop.not_shuffled", epochs.LOADER_SUBCLASS, ((", shuffle=True", ""),)),
    ("loop.same_order", steps.SLICES_NOLIST, (("random.sample(range(0, n, bs), n // bs)", "range(0, n, bs)"),)),
    ("loop.no_zero_grad", steps.CYCLE_NEXT, (("        opt.zero_grad()\n", ""),)),
    ("loop.no_zero_grad", steps.SLICES_SMALL, (("        opt.zero_grad()\n", ""),)),
    ("loop.no_zero_grad", epochs.LIGHTNING_LIKE, (("                opt.zero_grad()\n", ""),)),
    ("loop.no_step", epochs.NESTED_FUNCTIONS, (("            opt.step()\n", ""),)),
    ("loop.no_step", steps.STEPS_ITER_RESTART, (("    opt.step()\n", ""),)),
    ("loop.no_backward", epochs.TRAINER_CLASS, (("        loss.backward()\n", ""),)),
    ("loop.no_backward", steps.NUMPY_PERMUTATION, ((" loss.backward();", ""),)),
    ("loop.softmax_twice", steps.INFINITE_GENERATOR, (("= Net()", "= nn.Sequential(Net(), nn.Softmax(dim=1))"),)),
    ("loop.softmax_twice", epochs.SAME_FUNCTION, (("scores = model(x)", "scores = model(x).softmax(dim=-1)"),)),
    ("loop.no_eval", epochs.RANDOM_SPLIT_SUBSET, (("    net_{n}.eval()\n", ""),)),
    ("loop.no_eval", steps.NUMPY_PERMUTATION, (("    net_{n}.eval()\n", ""),)),
    ("loop.no_no_grad", epochs.TRAINER_CLASS, (("with torch.inference_mode():", "if True:"),)),
    ("loop.no_no_grad", epochs.SAME_FUNCTION, (("set_grad_enabled(training)", "set_grad_enabled(True)"),)),
    (
        "loop.last_loss",
        steps.WHILE_TRUE_BREAK,
        (("running / len(train_data)", "loss.item()"), ("        running += loss.item() * xb.size(0)\n", "")),
    ),
    (
        "loop.last_loss",
        steps.NEXT_IN_INNER_WHILE,
        (("losses_{n}.append(total / k)", "losses_{n}.append(float(loss))"), ("total += loss.item(); ", "")),
    ),
    (
        "loop.losses_kept",
        epochs.TQDM,
        (("total += loss.item()", "total += loss"), ("total / count)", "(total / count).item())")),
    ),
    ("loop.losses_kept", steps.STEPS_ITER_RESTART, (("append(loss.item())", "append(loss)"),)),
    ("loop.other_network", steps.WHILE_EPOCHS, (("epoch = [], 0\n", "epoch = [], 0\nnet_{n} = Net()\n"),)),
    ("loop.wrong_axis", epochs.NESTED_FUNCTIONS, (("out.argmax(dim=-1) == y).sum()", "out.argmax(dim=0)).sum()"),)),
    (
        "loop.wrong_axis",
        epochs.RANDOM_SPLIT_SUBSET,
        (("net_{n}(x).argmax(1) == y for x, y in vl", "torch.max(net_{n}(x), 0)[1] for x, y in vl"),),
    ),
)


def edited(source: str, edits: tuple[tuple[str, str], ...]) -> str:
    for before, after in edits:
        assert before in source
        source = source.replace(before, after)
    return source


def test_right_loops_are_silent_and_each_mistake_is_named(observe: Observe) -> None:
    right, wrong = [source for source, _, _ in RIGHT.values()], [edited(loop, edits) for _, loop, edits in WRONG]
    cells = [source.replace("{n}", str(at)) for at, source in enumerate([*wrong, *right])]
    evidence = observe(steps.SETUP, *cells, limits=LONG)
    assert [run.failure for run in evidence.cells if run.failure] == []
    found = [codes(evidence, f"net_{at}") for at in range(len(cells))]
    assert found[: len(wrong)] == [[code] for code, _, _ in WRONG]
    fits = {name: fits_of(evidence, f"net_{at}")[-1] for at, name in enumerate(RIGHT, start=len(wrong))}
    assert dict(zip(RIGHT, found[len(wrong) :], strict=True)) == {name: [] for name in RIGHT}
    wanted = {name: (passes or fits[name].epochs, lists) for name, (_, passes, lists) in RIGHT.items()}
    lengths = {
        name: {key: len(fits[name].history[key]) for key in lists if key in fits[name].history}
        for name, (_, _, lists) in RIGHT.items()
    }
    assert {name: (fit.epochs, lengths[name]) for name, fit in fits.items()} == wanted
