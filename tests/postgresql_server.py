"""A real PostgreSQL server for tests: on a socket in a temporary folder, reachable through no network."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USER, PASSWORD = "autograder", "a secret word"


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`; None where they are not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Server:
    """A server that runs, and the folder with its socket."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        self._numbers = itertools.count()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        name = f"grades{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user=USER, password=PASSWORD, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Server]:
    """A server that ends with the block; where the tests run as root, it runs as somebody else, as it insists."""
    place = programs()
    assert place is not None
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as temporary:
        folder, cluster = Path(temporary), Path(temporary) / "cluster"
        (folder / "password").write_text(PASSWORD)
        who = _somebody(folder)
        made = [place / "initdb", "-D", cluster, "-U", USER, "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        subprocess.run([*made, "--no-sync", "--encoding=UTF8", "--no-locale"], check=True, capture_output=True, **who)
        with (folder / "log").open("wb") as log:
            command = [place / "postgres", "-D", cluster, "-k", folder, "-F", "-c", "listen_addresses="]
            process = subprocess.Popen(command, stdout=log, stderr=log, **who)
        server = Server(folder, process)
        try:
            _wait(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _somebody(folder: Path) -> dict[str, Any]:
    """How to start a program that refuses to be started by root."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    for path in (folder, folder / "password"):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return {"cwd": folder, "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(server: Server) -> None:
    import psycopg

    for _ in range(300):
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if server.process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise AssertionError((server.folder / "log").read_text())
