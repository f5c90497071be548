"""A training loop that a student wrote with PyTorch: counts of its calls, as the kernel reports them (claims)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from autograder.core.data import Data

LoopCall = Literal["zero_grad", "forward", "loss", "backward", "step", "schedule"]


class CapturedLoop(Data):
    """The training of one network in one code cell, counted while it ran, shortened or not.

    `passes`: complete passes over a loader in which the network was trained; `batches`: batches taken in training
    passes; `batches_per_pass`: how many an unshortened pass has, None without a loader. `order`: the calls for one
    batch, in order. `stale_gradients`: steps whose gradients were added to those of an earlier step;
    `empty_steps`: steps at which no parameter of the optimizer had a gradient; `foreign_steps`: steps of an optimizer
    that holds no parameter of the network that was called. `shuffled`: whether the training loader draws in random
    order, `permuted`: whether the notebook put its data in random order itself. `mode_matters`: whether the network has
    layers that behave differently in training. `evaluations`: passes without training in which the network was called;
    of these, `evaluated_in_training` left it in training mode and `evaluated_with_gradients` recorded gradients.
    `probabilities`: whether a cross-entropy that expects raw values was given rows of probabilities. `last_loss_only`:
    passes in which the loss of the last batch alone was read, after the pass; `losses_kept`: losses whose graph still
    existed when their pass was over. `network_moved`, `data_moved`: calls that move a network or a tensor to a device,
    `gpu_wanted`: whether the notebook asked for a GPU. `best_over_batch`, `best_over_classes`: calls of argmax or max
    on the network's output along the batch, and along the classes.
    """

    passes: int = Field(default=0, ge=0)
    batches: int = Field(default=0, ge=0)
    batches_per_pass: int | None = Field(default=None, ge=0)
    forwards: int = Field(default=0, ge=0)
    backwards: int = Field(default=0, ge=0)
    steps: int = Field(default=0, ge=0)
    zero_grads: int = Field(default=0, ge=0)
    schedules: int = Field(default=0, ge=0)
    order: tuple[LoopCall, ...] = Field(default=(), max_length=16)
    stale_gradients: int = Field(default=0, ge=0)
    empty_steps: int = Field(default=0, ge=0)
    foreign_steps: int = Field(default=0, ge=0)
    shuffled: bool | None = None
    permuted: bool = False
    mode_matters: bool = False
    trained_in_evaluation: int = Field(default=0, ge=0)
    evaluations: int = Field(default=0, ge=0)
    evaluated_in_training: int = Field(default=0, ge=0)
    evaluated_with_gradients: int = Field(default=0, ge=0)
    probabilities: bool | None = None
    last_loss_only: int = Field(default=0, ge=0)
    losses_kept: int = Field(default=0, ge=0)
    network_moved: int = Field(default=0, ge=0)
    data_moved: int = Field(default=0, ge=0)
    gpu_wanted: bool = False
    best_over_batch: int = Field(default=0, ge=0)
    best_over_classes: int = Field(default=0, ge=0)


class SavedTensor(Data):
    """A tensor that a `state_dict` file names: its key, its shape and its type, such as "float32"."""

    name: str = Field(max_length=300)
    shape: tuple[int, ...] = Field(max_length=16)
    dtype: str = Field(default="", max_length=40)
