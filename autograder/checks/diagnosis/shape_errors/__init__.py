"""Why a network cannot be built or fitted: what the kernel recorded at the exception, explained by our own shapes.

Nothing here reads the text of an exception, and nothing decides a point.
"""

from autograder.checks.diagnosis.shape_errors.explain import explain
from autograder.checks.diagnosis.shape_errors.wording import Cause

__all__ = ["Cause", "explain"]
