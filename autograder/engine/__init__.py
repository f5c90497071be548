"""Where the stages run: on this machine, or on a cluster. A stage is a call with data in and data out."""

from autograder.engine.local import local_engine
from autograder.engine.stages import Engine, EngineError, ObserveStage, TrainStage

__all__ = ["Engine", "EngineError", "ObserveStage", "TrainStage", "local_engine"]
