"""Continues a command in the background.

It forks instead of starting another interpreter, which would load the same modules again.
"""

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

from stratiform.interfaces.cli.errors import CliError


def detach(log: Path, timeout_s: float) -> Callable[[str], None] | None:
    """Fork. The child continues in a session of its own, with its output in `log`.

    Return in the child a function that sends a line to the parent, and in the parent None when it has printed that
    line. Raises CliError in the parent if the child ends before, or does not send it within `timeout_s`.
    """
    with log.open("ab") as sink:
        start = sink.tell()
        reader, writer = os.pipe()
        sys.stdout.flush()
        if os.fork() == 0:
            os.close(reader)
            _leave_terminal(sink.fileno())
            return lambda line: _send(writer, line)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        if not select.select([pipe], [], [], timeout_s)[0]:
            raise CliError(f"Not ready after {timeout_s:.0f} s", f"see {log}")
        line = pipe.read()
    if not line:
        _raise_last_line(log, start)
    sys.stdout.write(line)
    return None


def _leave_terminal(sink: int) -> None:
    os.setsid()
    with Path(os.devnull).open("rb") as source:
        os.dup2(source.fileno(), 0)
    for stream in (1, 2):
        os.dup2(sink, stream)


def _send(writer: int, line: str) -> None:
    """Send a line to the parent, which may have ended, and to the log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    try:
        os.write(writer, f"{line}\n".encode())
    except BrokenPipeError:
        pass
    finally:
        os.close(writer)


def _raise_last_line(log: Path, start: int) -> None:
    with log.open() as output:
        output.seek(start)
        lines = output.read().splitlines()
    if not lines:
        raise CliError(f"The process exited without writing a message to {log}", "check the free disk space")
    start_of_error = max((number for number, line in enumerate(lines) if line.startswith("stratiform: ")), default=-1)
    error = "\n".join(lines[start_of_error:]).removeprefix("stratiform: ")
    raise CliError(f"{error}; see {log}")
