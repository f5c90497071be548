"""Checks in the student's own notebook before submission: fast, on the existing objects.

They run in the student's kernel, which is safe: only the student uses their results, and grading computes everything
again in the sandbox. The data that they need is in one file next to the notebook, which contains only what the exercise
itself shows (`autograder.selfcheck.public`).
"""

from autograder.selfcheck.checking import Findings, check
from autograder.selfcheck.recorder import watch

__all__ = ["Findings", "check", "watch"]
