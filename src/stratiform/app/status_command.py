"""`stratiform status`."""

import os
from pathlib import Path

import typer

from stratiform.app import home_folder
from stratiform.interfaces.cli.session import session


def show_status() -> None:
    """Print the running programs of this home. Exit status 3: none is running."""
    pids = home_folder.list_running_programs(session.home)
    for program in home_folder.PROGRAMS:
        pid = pids.get(program)
        typer.echo(f"{program:<10} " + (f"running, process {pid}, {_memory_mib(pid)} MiB" if pid else "not running"))
    if not pids:
        raise typer.Exit(3)
    if "api" in pids:
        typer.echo(f"{'address':<10} {home_folder.find_address(session.home) or 'not listening yet'}")


def _memory_mib(pid: int) -> int:
    """Return the resident memory; 0 if the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
