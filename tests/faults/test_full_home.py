"""A home directory on a full disk: the start fails with one line, and succeeds once there is space."""

from pathlib import Path

import pytest

from support.databases import require
from support.ports import free_port
from support.programs import Cli
from support.small_disk import small_disk


@pytest.mark.parametrize("free_bytes", [0, 4096])
def test_start_on_a_full_disk_is_refused(tmp_path: Path, free_bytes: int) -> None:
    with small_disk(tmp_path / "home", 8) as disk:
        require("a filesystem to fill (mount)", disk.is_limited)
        cli = Cli(disk.folder)
        disk.fill(free_bytes)
        error = cli.run("up", "--port", free_port()).stderr
        assert error.startswith("stratiform: No space left on device (free up disk space for ")
        assert len(error.splitlines()) == 1
        disk.empty()
        cli("db", "upgrade")
        assert (disk.folder / "stratiform.db").exists()
