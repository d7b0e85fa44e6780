"""Exports of a ledger, and changes to their lines."""

import json
from typing import TypedDict, Unpack

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.signed_notes import Checkpoint, Verifier, verify_note
from stratiform.services.ledger.model import UsageFilter
from support.stacks import ServiceHarness


class Filters(TypedDict, total=False):
    """The filter of an export."""

    project_id: str
    since: Micros
    until: Micros
    as_of: int


def ingest(stack: ServiceHarness, *messages: bytes | Event) -> None:
    with stack.services.database.transaction() as db:
        events = [message for message in messages if isinstance(message, Event)]
        stack.services.ingest.own_events.ingest(db, events, stack.clock.now())
        bodies = [message for message in messages if isinstance(message, bytes)]
        stack.services.ingest.messages.ingest(db, "openstack", bodies, stack.clock.now())


def export(
    stack: ServiceHarness, caller: Caller = SYSTEM, after: int | None = None, **filters: Unpack[Filters]
) -> list[bytes]:
    """Return the lines of an export."""
    exports = stack.services.proof.exports
    with stack.services.database.transaction() as db:
        created = exports.create(stack.ctx(db, caller), UsageFilter(**filters), after)
    with stack.services.database.read_transaction() as db:
        return list(exports.iterate_lines(db, created))


def keys(stack: ServiceHarness) -> list[Verifier]:
    return stack.services.proof.keys.list_verifiers()


def checkpoint(stack: ServiceHarness) -> Checkpoint:
    """Return the checkpoint of the current log."""
    with stack.services.database.transaction() as db:
        note = stack.services.proof.checkpoints.get(stack.ctx(db)).note
    return Checkpoint.parse(verify_note(note, keys(stack))[0])


def change_line(line: bytes, **changes: object) -> bytes:
    """Return a line with other values."""
    document = json.loads(line)
    assert all(document[name] != value for name, value in changes.items())
    return json.dumps(document | changes, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def change_record(line: bytes, **changes: object) -> bytes:
    """Return an event line with other values in its record."""
    record = json.loads(json.loads(line)["record"])
    assert all(record[name] != value for name, value in changes.items())
    text = json.dumps(record | changes, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return change_line(line, record=text)


def find_lines(lines: list[bytes], kind: str) -> list[int]:
    """Return the indexes of the lines of a kind."""
    return [index for index, line in enumerate(lines) if json.loads(line)["kind"] == kind]


def replace_line(lines: list[bytes], index: int, *replacement: bytes) -> list[bytes]:
    """Return `lines` with others instead of the line `index`."""
    return [*lines[:index], *replacement, *lines[index + 1 :]]
