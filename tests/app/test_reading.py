"""Reading in a process of its own: what it says is what is said here, and it may die."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stratiform.app import reading
from stratiform.app.reading import Reads, apart
from stratiform.services.metering.events import Reader
from stratiform.services.metering.service.batches import Batch
from support.bus import wait_for
from support.ledger import recorded
from support.payloads import POLLED, sample

READER = Reader.load()


def message(number: int, event_type: str, payload: object, **more: str) -> bytes:
    about = {"message_id": f"m{number}", "event_type": event_type, "timestamp": "2026-03-01 10:00:00"}
    return json.dumps(about | {"payload": payload} | more).encode()


@cache
def bodies() -> list[bytes]:
    """What was recorded, what nobody understands, what has a token, and samples of which one can't be read."""
    return [
        *recorded(),
        b"{",
        b"",
        b"\xff",
        message(1, "volume.create.end", {}),
        message(2, "x.y", {}, _context_auth_token="open sesame"),
        message(3, "telemetry.polling", POLLED),
        message(4, "telemetry.polling", {"samples": [sample("cpu", 1, "i1"), 7]}),
    ]


def told(batch: Batch) -> object:
    return [one._replace(facts=list(one.facts)) for one in batch.heard], batch.rejected


@cache
def expected() -> object:
    batch = Batch(READER)
    for body in bodies():
        batch.take_message("c", body)
    assert len(batch.rejected) == 5
    assert not any(b"sesame" in one.body for one in batch.heard)
    return told(batch)


@pytest.fixture
def reads(tmp_path: Path) -> Iterator[Reads]:
    with apart(READER, tmp_path) as made:
        yield made


def others() -> list[int]:
    """The processes that this one started."""
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", reading.__name__], capture_output=True, check=False)
    return [int(one) for one in found.stdout.split()]


def test_it_says_what_is_said_here(reads: Reads) -> None:
    assert told(reads("c", bodies())) == expected()
    assert told(reads("c", [])) == ([], [])
    assert len(others()) == 1


def test_where_it_dies_it_is_read_here_and_another_one_begins(reads: Reads, caplog: pytest.LogCaptureFixture) -> None:
    assert told(reads("c", bodies())) == expected()
    os.kill(others()[0], signal.SIGKILL)
    assert told(reads("c", bodies())) == expected()
    assert "the process that reads is gone" in caplog.text
    assert others() == []
    assert told(reads("c", bodies())) == expected()
    assert len(others()) == 1


def test_it_reads_the_operators_own_meters(tmp_path: Path) -> None:
    (tmp_path / "thing.toml").write_text(
        'name = "thing"\ntitle = "Things"\nunit = "thing"\nsource = "x"\n[identity]\nid = "id"\n'
        '[[events]]\ntype = "thing.made"\nrule = "start"\n'
    )
    with apart(READER, tmp_path) as reads:
        (heard,) = reads("c", [message(1, "thing.made", {"id": "t"})]).heard
    assert [fact.resource for fact in heard.facts] == [("c", "thing", "t")]
    assert others() == []


def test_it_ends_with_the_program(tmp_path: Path) -> None:
    """Even one that was killed."""
    program = (
        "import os, sys; from pathlib import Path; from stratiform.app.reading import apart\n"
        "from stratiform.services.metering.events import Reader\n"
        f"with apart(Reader.load(), Path({str(tmp_path)!r})) as reads:\n"
        "    reads('c', [b'{']); print('up', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        found = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, check=True)
        child = int(found.stdout)
        parent.kill()
    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())
