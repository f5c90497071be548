"""Schedulers of PyTorch as schedules of Keras: the same rates as torch itself gives."""

import pytest

from autograder.network.compilation import Optimizer
from autograder.network.optimizers import read_optimizer
from autograder.network.torch.schedules import unused_schedule, with_schedule

ADAM = Optimizer(name="adam", settings={"learning_rate": 0.01})
# Each with the settings that the kernel reports of it.
KNOWN = {
    "StepLR": {"step_size": 2, "gamma": 0.5},
    "MultiStepLR": {"milestones": [1, 4, 4], "gamma": 0.1},
    "ExponentialLR": {"gamma": 0.9},
    "ConstantLR": {"factor": 0.5, "total_iters": 3},
    "LinearLR": {"start_factor": 0.25, "end_factor": 1.0, "total_iters": 4},
    "PolynomialLR": {"total_iters": 5, "power": 2.0},
    "CosineAnnealingLR": {"T_max": 6, "eta_min": 0.001},
}


def given(name, settings=None, every="epoch", **more):
    group = {"lr": 0.01, **more}
    scheduler = {"class_name": name, "settings": settings or {}, "every": every}
    return {"optimizer": {"class_name": "Adam", "groups": [group]}, "scheduler": scheduler}


def rate_at(optimizer, step):
    """What Keras' `PiecewiseConstantDecay` gives (`step <= boundary`)."""
    rate = optimizer.settings["learning_rate"]
    if not isinstance(rate, dict):
        return rate
    boundaries, values = rate["config"]["boundaries"], rate["config"]["values"]
    return values[sum(step > one for one in boundaries)]


@pytest.mark.parametrize("name", sorted(KNOWN))
@pytest.mark.parametrize("every", ["epoch", "batch"])
def test_the_rates_are_those_of_torch(name, every):
    torch = pytest.importorskip("torch", reason="needs torch: make torch")
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **KNOWN[name])
    epochs, steps = (7, 10) if every == "epoch" else (2, 10)
    found = with_schedule(ADAM, given(name, KNOWN[name], every), epochs, steps)
    for step in range(epochs * steps):
        assert rate_at(found, step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-5, abs=1e-9), step
        optimizer.step()
        if every == "batch" or (step + 1) % steps == 0:
            scheduler.step()
    kept = read_optimizer({"class_name": "adam", "module": "keras.optimizers", "config": found.settings})
    assert kept[1]["learning_rate"] == found.settings["learning_rate"]


def test_one_cycle_is_the_whole_run():
    torch = pytest.importorskip("torch", reason="needs torch: make torch")
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=40)
    group = {key: value for key, value in optimizer.param_groups[0].items() if key in ("max_lr", "min_lr")}
    adam = Optimizer(name="adam", settings={"learning_rate": optimizer.param_groups[0]["initial_lr"]})
    found = with_schedule(adam, given("OneCycleLR", every="batch", **group), 4, 10)
    for step in range(39):
        assert rate_at(found, step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-5), step
        optimizer.step()
        scheduler.step()


def test_a_schedule_that_changes_nothing_in_the_run_shares_it_with_the_others():
    assert with_schedule(ADAM, given("StepLR", {"step_size": 7}), 2, 100) == ADAM


def test_a_long_run_has_no_more_pieces_than_are_read():
    found = with_schedule(ADAM, given("ExponentialLR", {"gamma": 0.99}, "batch"), 3, 200)
    assert len(found.settings["learning_rate"]["config"]["values"]) <= 65
    assert rate_at(found, 0) == pytest.approx(0.01, rel=0.06)
    assert rate_at(found, 599) == pytest.approx(0.01 * 0.99**599, rel=0.06)


@pytest.mark.parametrize(
    "scheduler",
    [
        {"class_name": "LambdaLR", "settings": {}, "every": "epoch"},
        {"class_name": "StepLR", "settings": {}, "every": "epoch"},
        {"class_name": "StepLR", "settings": {"step_size": 0}, "every": "epoch"},
        {"class_name": "StepLR", "settings": "x", "every": "epoch"},
        {"class_name": "MyLR", "module": "__main__", "settings": {}, "every": "batch"},
        {"class_name": "LinearLR + CosineAnnealingLR", "every": "epoch"},
        {"class_name": ["x"], "every": "epoch"},
        {"class_name": "ExponentialLR", "settings": {"gamma": 1e300}, "every": "epoch"},
        {"class_name": "OneCycleLR", "settings": {}, "every": "batch"},
    ],
    ids=range(9),
)
def test_what_is_not_rebuilt_is_named_and_leaves_a_constant_rate(scheduler):
    told = {"optimizer": {"groups": [{"lr": 0.01}]}, "scheduler": scheduler}
    assert with_schedule(ADAM, told, 2, 5) == ADAM
    assert unused_schedule(ADAM, told)


def test_without_a_scheduler_or_a_step_of_it_there_is_none():
    for told in (None, {}, {"scheduler": None}, {"scheduler": {"class_name": "StepLR", "settings": {"step_size": 1}}}):
        assert with_schedule(ADAM, told, 2, 5) == ADAM
        assert unused_schedule(ADAM, told) == ""
