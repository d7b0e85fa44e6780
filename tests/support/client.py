"""The unmodified `openstack` client in one process: its start takes seconds, a command hundredths of a second."""

import atexit
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from support.processes import kill_tree

#: Read `{"arguments", "environment"}` from each line, and write `{"exit_code", "stdout", "stderr"}`.
_PROGRAM = """
import contextlib, io, json, logging, os, sys
from openstackclient import shell
from osc_lib.clientmanager import ClientManager
results, sys.stdout = sys.stdout, sys.stderr
commands, sys.stdin = sys.stdin, open(os.devnull)
for line in commands:
    command = json.loads(line)
    os.environ.clear()
    os.environ.update(command["environment"])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exit_code = shell.main(command["arguments"])
        except SystemExit as end:
            exit_code = end.code
    logging.getLogger().handlers.clear()
    for cached in vars(ClientManager).values():
        if hasattr(cached, "_handle"):
            cached._handle = None  # otherwise the next command uses the connection of this one
    result = {"exit_code": exit_code, "stdout": out.getvalue(), "stderr": err.getvalue()}
    print(json.dumps(result), file=results, flush=True)
"""


@dataclass(frozen=True, slots=True)
class CommandResult:
    exit_code: int
    stdout: str
    stderr: str


def run(arguments: list[str], settings: dict[str, str]) -> CommandResult:
    """Run `openstack ARGUMENTS` with `settings` (`OS_…`) and without such settings from the environment."""
    process = _process()
    if process.poll() is not None:  # for example if the machine ran out of memory
        _process.cache_clear()
        process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    process.stdin.write(json.dumps({"arguments": arguments, "environment": inherited | settings}) + "\n")
    process.stdin.flush()
    result = process.stdout.readline()
    assert result, f"the client ended with exit code {process.wait()}"
    return CommandResult(**json.loads(result))


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    kill_tree(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
