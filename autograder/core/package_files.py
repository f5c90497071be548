"""Where the package is, and what a wheel carries beside its code."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# The sample assignments and their solutions. A checkout has them beside the package instead.
SAMPLES = PACKAGE / "_samples"
