"""Where the package is, and which data files a wheel carries."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# The sample assignments and their solutions. In a checkout they are next to the package instead.
SAMPLES = PACKAGE / "_samples"
