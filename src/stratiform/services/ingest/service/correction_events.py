"""Events of corrections: their ids and order, and which of them are revoked."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from msgspec import structs

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.policy import Caller
from stratiform.services.ingest.model.correction_observations import Observation
from stratiform.services.ingest.model.meter_adjustments import MeterAdjustment, find_adjustment, find_revocations
from stratiform.services.ingest.parsing.correction_payloads import EVENT_TYPE, encode_correction, parse_correction
from stratiform.services.ingest.parsing.envelope import MESSAGE_ID_LENGTH
from stratiform.services.ledger.model import Correction, EventRecord, Resource, Statement, encode_fact
from stratiform.services.ledger.service import LedgerService

_PUBLISHER = "stratiform.usage"


def format_author(caller: Caller) -> str:
    """Return the author of a correction: name and id of the user."""
    return f"{caller.user_name} ({caller.user_id})" if caller.user_name else caller.user_id


def derive_message_id(resource: Resource, content: object, version: int) -> str:
    """Return a message id that is derived from the content and a time or version of the ledger."""
    document = msgspec.json.encode([resource, content, version], order="sorted")
    return f"correction-{hashlib.sha256(document).hexdigest()}"


def get_or_derive_message_id(requested: str, resource: Resource, content: object, now: Micros) -> str:
    """Return the requested message id, or a derived one. Raises: Invalid."""
    key = requested or derive_message_id(resource, content, now)
    if len(key) > MESSAGE_ID_LENGTH or not key.isprintable():
        raise Invalid(f"id: must have 1 to {MESSAGE_ID_LENGTH} printable characters")
    return key


def build_correction_event(
    resource: Resource,
    key: str,
    at: Micros,
    correction: Correction,
    observation: Observation | None,
    adjustment: MeterAdjustment | None = None,
) -> Event:
    """Return the event of a correction."""
    payload = encode_correction(resource, correction, observation, adjustment)
    return Event(key, EVENT_TYPE, _PUBLISHER, at, resource.cloud, payload)


def get_next_correction_time(ctx: RequestContext, ledger: LedgerService, resource: Resource) -> Micros:
    """Return now, or the instant after the last correction: later corrections outrank earlier ones.

    Adjustments of meters have no order.
    """
    statements = [statement for statement in _list_statements(ctx.db, ledger, resource) if not statement.samples]
    return max([ctx.now, *(statement.at + 1 for statement in statements)])


def is_event_stored(db: Connection, ledger: LedgerService, event: Event) -> bool:
    """Return True if the event is in the ledger.

    Raises: Conflict (another event has its id), InvalidMessage.
    """
    parsed = parse_correction(event)
    assert parsed is not None, "the event is of this type"
    number = ledger.events.find_number(db, event.cloud, event.message_id)
    if number is None:
        return False
    ((_, record),) = ledger.events.list_records(db, [number])
    is_same = record.resource == parsed.resource and record.fact == msgspec.json.decode(encode_fact(parsed.statement))
    if not is_same or (parsed.statement.samples and record.at != event.at):
        raise Conflict(
            f"id: '{event.message_id}' is already the ID of another event", hint="use another ID, or omit it"
        )
    return True


def find_revoked_correction(
    db: Connection, ledger: LedgerService, resource: Resource, correction: Correction
) -> EventRecord | None:
    """Return the correction that `correction` revokes, if any. Raises: NotFound."""
    if not correction.revokes:
        return None
    number = (
        ledger.events.find_number(db, resource.cloud, correction.revokes) if correction.revokes.isprintable() else None
    )
    for _, record in [] if number is None else ledger.events.list_records(db, [number]):
        if record.resource == resource and "correction" in record.fact:
            return record
    raise NotFound(
        f"revokes: {resource.resource_type} {resource.resource_id} has no correction"
        f" '{correction.revokes[:MESSAGE_ID_LENGTH]}'",
        hint="see `stratiform usage corrections`",
    )


def check_not_revoked(db: Connection, ledger: LedgerService, resource: Resource, correction: Correction) -> None:
    """Check that the correction to revoke is in force. Raises: Conflict."""
    if not correction.revokes:
        return
    revocation = find_revocations(_list_statements(db, ledger, resource)).get(correction.revokes)
    if revocation is not None:
        raise Conflict(
            f"revokes: '{correction.revokes}' has already been revoked by '{revocation}'",
            hint="revoke the revocation to restore the correction",
        )


def build_opposite_adjustment(record: EventRecord, correction: Correction) -> MeterAdjustment:
    """Return the adjustment that revokes the one in `record`. Raises: Invalid (the correction has other changes)."""
    if structs.replace(correction, attributes={}) != Correction(
        correction.author, correction.reason, revokes=correction.revokes
    ):
        raise Invalid("revokes: the revocation of an adjustment cannot be combined with other changes")
    adjustment = find_adjustment(record.statement)
    assert adjustment is not None, "the record has samples"
    return replace(adjustment, quantity=adjustment.quantity.copy_negate())


def list_revocations(
    db: Connection, ledger: LedgerService, records: Sequence[EventRecord]
) -> dict[tuple[Resource, str], str]:
    """Return the revocations in force of corrections: resource and message id to message id of the revocation."""
    ids = ledger.resources.find_ids(db, {record.resource for record in records})
    statements = ledger.corrections.list_statements(db, sorted(ids.values()))
    return {
        (resource, revoked): revocation
        for resource, resource_id in ids.items()
        for revoked, revocation in find_revocations(statements[resource_id]).items()
    }


def _list_statements(db: Connection, ledger: LedgerService, resource: Resource) -> list[Statement]:
    resource_id = ledger.resources.find_ids(db, [resource]).get(resource)
    return [] if resource_id is None else ledger.corrections.list_statements(db, [resource_id])[resource_id]
