"""The machine's files that programs need: the system, a few settings, and the interpreter with its libraries."""

from __future__ import annotations

import os
import sys

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/fonts")


def library_folders() -> list[str]:
    """The interpreter and the folders it imports from, except those below /usr and the working folder."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    folders += [path for path in sys.path if path.endswith(("site-packages", "dist-packages")) and os.path.isdir(path)]
    kept: list[str] = []
    for folder in sorted({os.path.realpath(folder) for folder in folders} | set(folders), key=len):
        if not any(folder == other or folder.startswith(other + "/") for other in (*kept, *SYSTEM_FOLDERS)):
            kept.append(folder)
    return kept
