"""`stratiform up`, `down`, and the programs by themselves."""

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.app import home_folder
from stratiform.app.background import detach
from stratiform.app.home_permissions import find_permission_warning
from stratiform.app.process_age import seconds_since_start
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from stratiform.kit.interpreter import pause_garbage_collector
from stratiform.kit.number_parsing import parse_uint

if TYPE_CHECKING:
    from stratiform.app.settings import Settings

#: How long `up --detach` and `down` wait.
_TIMEOUT_S = 180


def _parse_port(text: str) -> int:
    """Parse a port; Typer's own integers also have spaces, `_`, and digits of every script."""
    port = parse_uint(text)
    if port is None or not 1 <= port <= 65535:
        raise typer.BadParameter(f"'{text}' is not a port from 1 to 65535.")
    return port


Port = Annotated[int | None, typer.Option(parser=_parse_port, metavar="PORT", help="Port of the API (8780).")]
Host = Annotated[str | None, typer.Option(help="Address of the API (127.0.0.1).")]
Detach = Annotated[bool, typer.Option("--detach", help="Return when ready, and continue in the background.")]


def run_all(port: Port = None, host: Host = None, in_background: Detach = False) -> None:
    """Run the API, worker and collector in one process."""
    _run(home_folder.PROGRAMS, _load(port=port, host=host), in_background=in_background)


def run_api(port: Port = None, host: Host = None) -> None:
    """Run the API."""
    _run(("api",), _load(port=port, host=host))


def run_worker() -> None:
    """Run the worker."""
    _run(("worker",), _load())


def run_collector(
    url: Annotated[
        str | None, typer.Option(help="Transport URL of the message bus; prefer STRATIFORM_COLLECTOR_URL.")
    ] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud that sends the notifications.")] = None,
) -> None:
    """Run the collector, which ingests OpenStack notifications."""
    settings = _load(collector_url=url, collector_cloud=cloud)
    if not settings.message_buses:
        raise CliError("No message bus is configured", "use --url rabbit://USER:PASSWORD@HOST:5672/")
    _run(("collector",), settings)


def stop_programs() -> None:
    """Stop the running programs of this home."""
    pids = set(home_folder.list_running_programs(session.home).values())
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for _ in range(_TIMEOUT_S * 20):
        if not home_folder.list_running_programs(session.home):
            home_folder.remove_remains(session.home)
            typer.echo("Stopped." if pids else f"No program is running in {session.home}.")
            return
        time.sleep(0.05)
    raise CliError(
        f"Still running after {_TIMEOUT_S} s: process {', '.join(map(str, sorted(pids)))}", "see the log, or kill it"
    )


def _load(**overrides: object) -> "Settings":
    from stratiform.app.settings import load_settings  # the help does not need msgspec

    return load_settings(session.home, **overrides)


def _run(programs: tuple[str, ...], settings: "Settings", *, in_background: bool = False) -> None:
    started = time.monotonic() - seconds_since_start()
    warning = find_permission_warning(settings.home)
    if warning is not None:
        typer.echo(warning, err=True)
    report: Callable[[str], None] | None = typer.echo
    if in_background:
        home_folder.prepare_folder(settings.home)
        report = detach(settings.home / "stratiform.log", _TIMEOUT_S)
    if report is not None:  # otherwise the child runs the programs
        _run_here(programs, settings, started, report)


def _run_here(programs: tuple[str, ...], settings: "Settings", started: float, report: Callable[[str], None]) -> None:
    pause_garbage_collector()  # it takes a fifth of the time of the start, and finds nothing
    from stratiform.app.program_runner import run_programs  # takes longer to load than the parent of a fork needs

    def print_ready() -> None:
        target = settings.url if "api" in programs else " and ".join(programs)
        seconds = time.monotonic() - started
        line = f"Stratiform is ready: {target} (home {settings.home}, {seconds:.2f} s)"
        report(line)

    run_programs(settings, programs, ready=print_ready)
