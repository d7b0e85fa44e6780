"""A home on a full disk: whoever starts there is told so in one line, and starts once there is room."""

from pathlib import Path

import pytest

from support.databases import require
from support.programs import Shell
from support.small_disk import small_disk


@pytest.mark.parametrize("leave", [0, 4096])
def test_a_start_on_a_full_disk_is_refused_in_one_line(tmp_path: Path, leave: int) -> None:
    with small_disk(tmp_path / "home", 8) as disk:
        require("a filesystem to fill (mount)", disk.limited)
        shell = Shell(disk.folder)
        disk.fill(leave)
        refused = shell.both("up").stderr
        assert refused.startswith("stratiform: No space left on device (make room on the disk that has ")
        assert len(refused.splitlines()) == 1
        disk.empty()
        shell("db", "upgrade")
        assert (disk.folder / "stratiform.db").exists()
