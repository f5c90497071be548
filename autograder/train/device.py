"""The device that training uses, found without starting TensorFlow."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_NVIDIA = Path("/proc/driver/nvidia/gpus")


@cache
def device_kind() -> str:
    """ "cpu", or "gpu:" and the model of the first NVIDIA GPU that this process may use."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1") or not Path("/dev/nvidiactl").exists():
        return "cpu"
    for information in sorted(_NVIDIA.glob("*/information")):
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "Model":
                return f"gpu:{value.strip()}"
    return "gpu:unknown" if any(Path("/dev").glob("nvidia[0-9]*")) else "cpu"
