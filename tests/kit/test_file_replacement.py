"""Replacement of files, and of what is not a file: a pipe, a symbolic link."""

import os
import stat
import threading
from pathlib import Path

import pytest

from stratiform.kit.file_replacement import open_replacement


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_is_replaced_when_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(b"old")
    with open_replacement(file) as opened:
        opened.write(b"new")
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert list_names(tmp_path) == ["export"]


def test_interrupted_replacement_leaves_the_file(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(b"old")
    with pytest.raises(ConnectionError), open_replacement(file) as opened:
        opened.write(b"new")
        raise ConnectionError
    assert file.read_bytes() == b"old"
    assert list_names(tmp_path) == ["export"]


def test_new_file_has_the_permissions(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with open_replacement(file, 0o600):
        pass
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_pipe_is_written_and_remains(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with open_replacement(pipe) as opened:
        opened.write(b"content")
    reader.join(30)
    assert received == [b"content"]
    assert pipe.is_fifo()
    assert list_names(tmp_path) == ["pipe"]


def test_symbolic_link_remains(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with open_replacement(link) as opened:
        opened.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
