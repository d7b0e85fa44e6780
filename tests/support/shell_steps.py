"""Step files of command-line clients: one command a line, with its expected output or its expected refusal.

See tests/clients/README.md for the format.
"""

import os
import pty
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_TIMEOUT_S = 120
_WAIT_S = 60
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9]*)(?:\.([\w:]+))?=(.*)")
_UNKNOWN_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a client, and the reason why it failed ("" if it worked)."""

    name: str
    error: str


@dataclass(slots=True)
class ShellSession:
    """Runs the steps of one file. `binaries`: the folder with the programs; `values`: saved values by name."""

    binaries: Path
    folder: Path
    environment: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)

    def run_file(self, path: Path) -> Iterator[Step]:
        """Run each step of a file."""
        for line in path.read_text().splitlines():
            if line.startswith("!wait "):
                yield Step(line, self._wait(*self._fill(line).split(maxsplit=2)[1:]))
            elif line.strip() and not line.startswith("#"):
                yield Step(line, self._run_step(line))

    def _run_step(self, line: str) -> str:
        command, _, expected = line.partition(" ?? ")
        match = _ASSIGNMENT.fullmatch(command)
        name, key, command = (match[1], match[2] or "id", match[3]) if match else ("", "", command)
        is_refusal = command.startswith("~")
        status, output = self._invoke(self._fill(command.removeprefix("~")))
        if name:
            self.values[name] = find_value(output, key)
        return judge(status, output, self._fill(expected), is_refusal=is_refusal)

    def _wait(self, status: str, command: str) -> str:
        """Repeat a command until the row `status` of its output has a value, or it fails (`gone`)."""
        deadline, current = time.monotonic() + _WAIT_S, ""
        while time.monotonic() < deadline:
            code, output = self._invoke(command)
            current = "gone" if code else find_value(output, "status")
            if current.lower() == status.lower():
                return ""
        return f"the status is {current!r}"

    def _invoke(self, command: str) -> tuple[int, str]:
        """Return the exit status and all output of a command of the client."""
        program, *arguments = shlex.split(command)
        terminal = pty.openpty()  # without a terminal, `glance` uploads its standard input
        try:
            process = subprocess.run(
                [str(self.binaries / program), *arguments],
                stdin=terminal[1],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=self.folder,
                env=dict(self.environment),
                timeout=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            return 1, f"no result after {_TIMEOUT_S} s"
        finally:
            for descriptor in terminal:
                os.close(descriptor)
        return process.returncode, process.stdout

    def _fill(self, text: str) -> str:
        return re.sub(r"\$([A-Z][A-Z0-9]*)", lambda match: self.values.get(match[1], _UNKNOWN_ID), text)


def find_value(output: str, key: str) -> str:
    """Return the value of the row `key` of a table with two columns, or of the only row's column; "" if absent."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in output.splitlines() if line.startswith("|")]
    for cells in rows:
        if len(cells) == 2 and cells[0].lower() == key.lower():
            return cells[1]
    if len(rows) > 1 and key.lower() in [heading.lower() for heading in rows[0]]:
        return rows[1][[heading.lower() for heading in rows[0]].index(key.lower())]
    return ""


def judge(status: int, output: str, expected: str, *, is_refusal: bool) -> str:
    """Return the reason why a step failed, or "". `expected`: text of the output."""
    if "Traceback" in output or "object has no attribute" in output:
        return f"the client fails: {output.strip()[-300:]}"
    if bool(status) != is_refusal:
        return "succeeds" if is_refusal else output.strip()[-300:] or f"exit status {status}"
    if expected and expected not in output:
        return f"{expected!r} is not in the output: {output.strip()[-300:]}"
    return ""
