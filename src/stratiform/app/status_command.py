"""`stratiform status`: what the programs of a home do, as far as it can be checked from this machine."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from stratiform.app import home_folder
from stratiform.app.home_permissions import find_permission_warning
from stratiform.app.program_status import StatusFile
from stratiform.app.readiness import is_ready
from stratiform.interfaces.cli.session import session
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.clock import SECOND_US, format_iso_seconds
from stratiform.kit.server_proof import ServerProof

_RESPONSE_TIMEOUT_S = 5.0


def show_status() -> None:
    """Print the status of the programs and message buses of this home. Exit status 3: no program is running."""
    home = session.home
    pids = home_folder.list_running_programs(home)
    for program in home_folder.PROGRAMS:
        pid = pids.get(program)
        if pid is None:
            _print_row(program, "not running")
        else:
            process = f"running, process {pid}, {_memory_mib(pid)} MiB"
            _print_row(program, "; ".join([process, *_describe(home, program)]))
        if pid is not None and program == "collector":
            for bus in (StatusFile(home, program).read() or {}).get("buses", ()):
                _print_row("bus", _describe_connection(bus))
                _print_row("", _describe_storing(bus))
    warning = find_permission_warning(home)
    if warning is not None:
        print_line(warning)
    if not pids:
        raise typer.Exit(3)


def _print_row(heading: str, text: str) -> None:
    print_line(f"{heading:<10} {text}")


def _describe(home: Path, program: str) -> Iterator[str]:
    """Yield what a running program does or can't do."""
    if program == "api":
        address = home_folder.find_address(home)
        if address is None:
            yield "is not listening yet"
        elif is_ready(address, ServerProof(home / "keys" / "tokens"), timeout_s=_RESPONSE_TIMEOUT_S):
            yield f"responds at {address}"
        else:
            yield f"does not respond at {address}"
        return
    status = StatusFile(home, program).read()
    if status is None:
        yield "status unknown"
    elif program == "worker" and status["failure"]:
        reason, since = status["failure"]
        yield f"failing since {format_iso_seconds(since)}: {reason}"
    elif program == "collector" and not status["buses"]:
        yield "no message bus is configured"


def _describe_connection(bus: Mapping[str, Any]) -> str:
    state = "connected" if bus["is_connected"] else "down"
    text = f"{bus['bus']} (cloud {bus['cloud']}): {state} since {format_iso_seconds(bus['since'])}"
    return f"{text}: {bus['error']}" if bus["error"] else text


def _describe_storing(bus: Mapping[str, Any]) -> str:
    text = f"{bus['stored']} messages stored"
    if bus["last_sent_at"] is not None:
        lag_s = bus["lag_us"] / SECOND_US
        text += f", the last one sent at {format_iso_seconds(bus['last_sent_at'])}, lag {lag_s:.1f} s"
    if bus["not_stored_since"] is not None:
        text += f"; storing has failed since {format_iso_seconds(bus['not_stored_since'])}: {bus['storage_error']}"
    return text


def _memory_mib(pid: int) -> int:
    """Return the resident memory; 0 if the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
