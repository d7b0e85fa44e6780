"""Exports of a ledger in a test, and what may be done to their lines."""

import json
from typing import Any

from stratiform.kit.outbox import Event
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.signed_notes import Checkpoint, Verifier, open_note
from stratiform.services.ledger.model import UsageFilter
from support.stacks import Bench


def ingest(made: Bench, *messages: bytes | Event) -> None:
    with made.services.database.transaction() as db:
        events = [one for one in messages if isinstance(one, Event)]
        made.services.ingest.events.ingest(db, events, made.clock.now())
        bodies = [one for one in messages if isinstance(one, bytes)]
        made.services.ingest.messages.ingest(db, "openstack", bodies, made.clock.now())


def export(made: Bench, caller: Caller = SYSTEM, after: int | None = None, **wanted: Any) -> list[bytes]:
    with made.services.database.transaction() as db:
        asked = made.services.proof.exports.create(made.ctx(db, caller), UsageFilter(**wanted), after)
    with made.services.database.snapshot() as db:
        return list(made.services.proof.exports.iterate_lines(db, asked))


def keys(made: Bench) -> list[Verifier]:
    return made.services.proof.keys.list_verifiers()


def checkpoint(made: Bench) -> Checkpoint:
    with made.services.database.transaction() as db:
        note = made.services.proof.checkpoints.get(made.ctx(db)).note
    return Checkpoint.parse(open_note(note, keys(made))[0])


def changed(line: bytes, **changes: Any) -> bytes:
    """The line with other values; `record__x` changes x within its record."""
    said = json.loads(line)
    for name, value in changes.items():
        if name.startswith("record__"):
            record = json.loads(said["record"])
            assert record[name[8:]] != value
            record[name[8:]] = value
            said["record"] = json.dumps(record, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        else:
            assert said[name] != value
            said[name] = value
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def places(lines: list[bytes], kind: str) -> list[int]:
    return [place for place, line in enumerate(lines) if json.loads(line)["kind"] == kind]
