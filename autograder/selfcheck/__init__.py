"""The checks in the student's own notebook, before it is handed in: on the objects that are there, in a moment.

They run in the student's kernel, and that is fine: only the student relies on what they say. What counts is computed
again, in the sandbox, when the notebook is graded. What they need to know is in one file next to the notebook, and it
holds only what the exercise itself shows (`autograder.selfcheck.public`).
"""

from autograder.selfcheck.checking import Findings, check
from autograder.selfcheck.recorder import watch

__all__ = ["Findings", "check", "watch"]
