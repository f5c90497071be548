"""`otter run`, as an instructor types it."""

import json
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent


def otter_run(package: Path, submission: Path, folder: Path) -> dict:
    """The `results.json` that it leaves in `folder`."""
    folder.mkdir(exist_ok=True)
    command = [BIN / "otter", "run", "-a", package, submission, "-o", folder, "--no-logo"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=250)
    return json.loads((folder / "results.json").read_text())
