"""A home directory on a filesystem that is read-only: no program starts, and the error is one line."""

from pathlib import Path

import pytest

from support.databases import require
from support.ports import free_port
from support.programs import Cli
from support.small_disk import small_disk

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("name", [".", "home"], ids=["existing", "new"])
def test_start_in_a_read_only_home_is_refused(tmp_path: Path, name: str) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        require("a filesystem that becomes read-only (mount)", disk.is_limited)
        disk.make_read_only()
        cli = Cli((disk.folder / name).resolve())
        for options in ([], ["--detach"]):
            assert "Read-only file system (" in cli.error_line("up", "--port", free_port(), *options), options


def test_a_home_that_became_read_only_is_reported(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", 16) as disk:
        require("a filesystem that becomes read-only (mount)", disk.is_limited)
        cli = Cli(disk.folder)
        cli("db", "upgrade")
        disk.make_read_only()
        assert "Read-only file system (" in cli.error_line("up", "--port", free_port())
        assert "not running" in cli("status", exit_code=3)
        assert "No program is running" in cli("down")
