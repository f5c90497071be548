"""Where the stages run: on this machine, or on a cluster. A stage is a call that takes and returns data."""

from autograder.grading.engine.choose import engine_on
from autograder.grading.engine.cluster_file import Machines, read_cluster_file, running_scheduler
from autograder.grading.engine.stages import Engine, EngineError, ObserveStage, TrainStage

__all__ = [
    "Engine",
    "EngineError",
    "Machines",
    "ObserveStage",
    "TrainStage",
    "engine_on",
    "read_cluster_file",
    "running_scheduler",
]
