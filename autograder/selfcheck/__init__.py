"""The checks in the student's own notebook, before it is handed in: on the objects that are there, in a moment.

They run in the student's kernel, and that is fine: nothing they say is believed by anybody but the student. What counts
is computed anew, in the sandbox, when the notebook is graded. What they need to know stands in one file beside the
notebook, and only what the exercise itself shows is in it (`autograder.selfcheck.public`).
"""

from autograder.selfcheck.checking import Findings, check
from autograder.selfcheck.recorder import watch

__all__ = ["Findings", "check", "watch"]
