"""A `state_dict` file is read without unpickling anything, and a hostile one is not read."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.observe.state_files import MAX_INSTRUCTIONS, MAX_PICKLE_BYTES, saved_tensors


def archive(path: Path, content: bytes, name: str = "archive/data.pkl") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, content)
    return path


# What the old format begins with.
_OLD_START = b"".join(pickle.dumps(one, protocol=2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))


class _Runs:
    def __reduce__(self) -> Any:
        return exec, ("import pathlib; pathlib.Path('harmed').touch()",)


def test_names_shapes_and_types_of_a_state_dict(tmp_path):
    torch = pytest.importorskip("torch", reason="needs torch: make torch")
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.LSTM(4, 2))
    wanted = [(name, list(one.shape), str(one.dtype)[6:]) for name, one in network.state_dict().items()]
    optimizer = torch.optim.Adam(network.parameters())
    network[2](torch.zeros(1, 1, 4))[0].sum().backward()
    optimizer.step()
    for saved in (
        network.state_dict(),
        {"epoch": 3, "model": network.state_dict(), "optimizer": optimizer.state_dict(), "losses": [0.5, 0.25]},
    ):
        for zipped in (True, False):
            torch.save(saved, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
            found = saved_tensors(tmp_path / "net.pt")
            assert found is not None
            assert [(one["name"], one["shape"], one["dtype"]) for one in found] == wanted
    for zipped in (True, False):
        torch.save(network, tmp_path / "whole.pt", _use_new_zipfile_serialization=zipped)
        assert saved_tensors(tmp_path / "whole.pt") is None


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(_Runs(), protocol=2),
        pickle.dumps({"a": _Runs()}, protocol=4),
        pickle.dumps({"a": 1}, protocol=2),
        b"",
        b"\x80\x02",
        b"\x80\x02}.",
        b"\x80\x02(((((.",
        b"\x80\x02\x85.",
        b"\x80\x02h\x05.",
        b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",  # a dict that holds itself
        b"\x80\x02" + b"]" * (MAX_INSTRUCTIONS + 1) + b".",
        b"\x80\x02X\xff\xff\xff\xffabc.",
        b"\x80\x02" + b"N" * (MAX_PICKLE_BYTES + 1),
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00)R.",
        b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    ],
    ids=range(15),
)
def test_what_is_no_plain_state_dict_is_not_read_and_runs_nothing(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert saved_tensors(archive(tmp_path / "net.pt", content)) is None
    (tmp_path / "net.pt").write_bytes(_OLD_START + content)
    assert saved_tensors(tmp_path / "net.pt") is None
    assert [path.name for path in tmp_path.iterdir()] == ["net.pt"]


def test_other_files_are_not_read(tmp_path):
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"a": 1}))
    assert saved_tensors(tmp_path / "plain.pt") is None
    assert saved_tensors(archive(tmp_path / "two.pt", b"", "archive/other.pkl")) is None
    assert saved_tensors(tmp_path / "missing.pt") is None
