"""The former name of `autograder.selfcheck`, which notebooks import that were released before version 0.2."""

from autograder.selfcheck import Findings, check, watch

__all__ = ["Findings", "check", "watch"]
