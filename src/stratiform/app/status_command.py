"""`stratiform status`: what the programs of a home do, as far as it can be checked from this machine."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from stratiform.app import home_folder
from stratiform.app.home_permissions import find_permission_warning
from stratiform.app.program_status import StatusFile
from stratiform.app.readiness import is_ready
from stratiform.interfaces.cli.output import Format, NestedFormatOption, print_item
from stratiform.interfaces.cli.session import session
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.clock import SECOND_US, format_iso_seconds
from stratiform.kit.server_proof import ServerProof

_RESPONSE_TIMEOUT_S = 5.0

#: The times in the state of a bus.
_BUS_TIMES = ("since", "last_sent_at", "not_stored_since")


def show_status(output: NestedFormatOption = Format.table) -> None:
    """Print the status of the programs and message buses of this home. Exit status 3: no program is running."""
    home = session.home
    pids = home_folder.list_running_programs(home)
    programs = [_inspect(home, program, pids.get(program)) for program in home_folder.PROGRAMS]
    warning = find_permission_warning(home)
    if output is not Format.table:
        print_item({"home": str(home), "programs": list(map(_as_json, programs)), "warning": warning}, {}, output)
    else:
        _print_table(programs, warning)
    if not pids:
        raise typer.Exit(3)


def _inspect(home: Path, program: str, pid: int | None) -> dict[str, Any]:
    """Return what is known about a program: `address` and `responds` of the API, `failure` of the worker, `buses`."""
    status: dict[str, Any] = {"name": program, "status": "not running" if pid is None else "running"}
    if pid is None:
        return status
    status |= {"pid": pid, "memory_mib": _memory_mib(pid)}
    if program == "api":
        address = home_folder.find_address(home)
        proof = ServerProof(home / "keys" / "tokens")
        responds = address is not None and is_ready(address, proof, timeout_s=_RESPONSE_TIMEOUT_S)
        return {**status, "address": address, "responds": responds}
    return {**status, **(StatusFile(home, program).read() or {})}


def _as_json(program: Mapping[str, Any]) -> dict[str, Any]:
    """Return a program with times in ISO 8601 instead of microseconds."""
    converted = dict(program)
    if program.get("failure"):
        reason, since = program["failure"]
        converted["failure"] = {"reason": reason, "since": format_iso_seconds(since)}
    if "buses" in program:
        converted["buses"] = [_bus_as_json(bus) for bus in program["buses"]]
    return converted


def _bus_as_json(bus: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: bus[name] if bus[name] is None else format_iso_seconds(bus[name]) for name in _BUS_TIMES}
    return {**bus, **times}


def _print_table(programs: Iterable[Mapping[str, Any]], warning: str | None) -> None:
    for program in programs:
        if "pid" not in program:
            _print_row(program["name"], program["status"])
            continue
        process = f"running, process {program['pid']}, {program['memory_mib']} MiB"
        _print_row(program["name"], "; ".join([process, *_describe(program)]))
        for bus in program.get("buses", ()):
            _print_row("bus", _describe_connection(bus))
            _print_row("", _describe_storing(bus))
    if warning is not None:
        print_line(warning)


def _print_row(heading: str, text: str) -> None:
    print_line(f"{heading:<10} {text}")


def _describe(program: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a running program does or can't do."""
    if program["name"] == "api":
        yield _describe_api(program)
    elif program["name"] == "worker":
        if "failure" not in program:
            yield "status unknown"
        elif program["failure"]:
            reason, since = program["failure"]
            yield f"failing since {format_iso_seconds(since)}: {reason}"
    elif "buses" not in program:
        yield "status unknown"
    elif not program["buses"]:
        yield "no message bus is configured"


def _describe_api(program: Mapping[str, Any]) -> str:
    if program["address"] is None:
        return "is not listening yet"
    return f"{'responds' if program['responds'] else 'does not respond'} at {program['address']}"


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
        text += (
            f"; storing has been failing since {format_iso_seconds(bus['not_stored_since'])}: {bus['storage_error']}"
        )
    return text


def _memory_mib(pid: int) -> int:
    """Return the resident memory; 0 if the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
