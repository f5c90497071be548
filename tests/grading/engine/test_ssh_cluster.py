"""Workers that are reached by SSH: a server of this test's own on the loopback stands for two machines."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed.security import Security

ROOT = Path(__file__).parents[3]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
STUDENTS = ("Bob Untermeyer", "Kwame Mensah")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(SSHD is None, reason="there is no SSH server on this machine (openssh-server)"),
]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose SSH settings know two names, lab1 and lab2, for a server on the loopback."""
    pytest.importorskip("asyncssh")
    keys = tmp_path / "home" / ".ssh"
    keys.mkdir(parents=True, mode=0o700)
    for name in ("id", "host"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (keys / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys / 'host'}\nAuthorizedKeysFile {keys / 'id.pub'}\n"
        "PasswordAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\n"
    )
    public = (keys / "host.pub").read_text().rsplit(" ", 1)[0]
    (keys / "known").write_text(f"lab1 {public}\nlab2 {public}\n[127.0.0.1]:{port} {public}\n")
    (keys / "config").write_text(
        f"Host lab1 lab2\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {keys / 'id'}\n"
        f"  UserKnownHostsFile {keys / 'known'}\n"
    )
    if not os.getuid():
        Path("/run/sshd").mkdir(exist_ok=True)
    assert SSHD is not None
    server = subprocess.Popen([SSHD, "-D", "-f", keys / "sshd_config"])
    yield keys.parent
    server.terminate()
    server.wait(timeout=10)


def test_a_class_is_graded_by_machines_that_are_reached_by_ssh(home: Path, tmp_path: Path) -> None:
    made = Security.temporary()
    for name, content in {"ca": made.tls_ca_file, "cluster": made.tls_worker_cert, "key": made.tls_worker_key}.items():
        (tmp_path / f"{name}.pem").write_text(content)
    cluster = tmp_path / "ssh.toml"
    cluster.write_text(
        'kind = "ssh"\nhosts = ["lab1", "lab2"]\nslots = 1\n'
        f'python = "{sys.executable}"\n'
        f'tls = {{ ca = "{tmp_path}/ca.pem", certificate = "{tmp_path}/cluster.pem", key = "{tmp_path}/key.pem" }}\n'
    )
    submissions = tmp_path / "class"
    submissions.mkdir()
    for student in STUDENTS:
        shutil.copy(ROOT / "tests" / "samples" / "cnn2" / f"{student}.ipynb", submissions)
    command = [sys.executable, "-m", "autograder", "grade", "cnn2", str(submissions), "--output"]
    done = subprocess.run(
        [*command, str(tmp_path / "there"), "--cluster", str(cluster)],
        env={**os.environ, "HOME": str(home), "AUTOGRADER_DATA": os.environ.get("AUTOGRADER_DATA", "")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "INFO" not in done.stderr
    lines = (tmp_path / "there" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    scores = {
        line["student"]: {one["id"]: one["score"] for one in line["questions"]} for line in map(json.loads, lines)
    }
    expected = tomllib.loads((ROOT / "tests/samples/cnn2/expected.toml").read_text(encoding="utf-8"))
    assert scores == {name: {one: expected[name][one]["score"] for one in scores[name]} for name in STUDENTS}
