"""The `openstack` client, unmodified, in a process that stays: to start it takes seconds, a command hundredths."""

import atexit
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

#: Reads `{"words", "environment"}` a line, answers `{"code", "out", "err"}` a line.
_LOOP = """
import contextlib, io, json, logging, os, sys
from openstackclient import shell
from osc_lib.clientmanager import ClientManager
answers, sys.stdout = sys.stdout, sys.stderr
asks, sys.stdin = sys.stdin, open(os.devnull)
for line in asks:
    asked = json.loads(line)
    os.environ.clear()
    os.environ.update(asked["environment"])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = shell.main(asked["words"])
        except SystemExit as end:
            code = end.code
    logging.getLogger().handlers.clear()
    for cached in vars(ClientManager).values():
        if hasattr(cached, "_handle"):
            cached._handle = None  # else the next command goes on as this one's user, to this one's server
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), file=answers, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def run(words: list[str], settings: dict[str, str]) -> Done:
    """`openstack WORDS` with `settings` (`OS_…`) and nothing else of this process's."""
    process = _process()
    if process.poll() is not None:  # a machine short of memory may have taken it
        _process.cache_clear()
        process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    kept = {key: text for key, text in os.environ.items() if not key.startswith("OS_")}
    process.stdin.write(json.dumps({"words": words, "environment": kept | settings}) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"the client ended with {process.wait()}"
    return Done(**json.loads(answer))


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _LOOP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
