"""Ingest of CloudEvents, with a result for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest import policy
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import MessageParser, usage_events
from stratiform.services.ingest.parsing.cloudevents import parse_cloudevent
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.cloud_names import validate_cloud_name
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.service import LedgerService

Outcome = Literal["ingested", "duplicate", "ignored", "rejected"]

#: Event types for which there are other operations, with checks of their own.
_RESERVED_PREFIXES = ("usage.", "almanach.")


@dataclass(frozen=True, slots=True)
class EventResult:
    """The result for one event: its id in the ledger, and the reason if it was ignored or rejected."""

    outcome: Outcome
    message_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _ParsedEvent:
    """A valid event with the ids of its statements; an ignored event has none."""

    event: Event
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class CloudEvents:
    """Ingests CloudEvents."""

    parser: MessageParser
    ledger: LedgerService

    def ingest(self, ctx: RequestContext, cloud: str, documents: Sequence[bytes]) -> Sequence[EventResult]:
        """Ingest CloudEvents, each a JSON document. Rejected events are reported, not stored.

        Raises: Forbidden; Invalid (the name of the cloud).
        """
        policy.EVENTS_CREATE.require(ctx.caller, None)
        validate_cloud_name(cloud)
        parsed = [self._parse(document, cloud) for document in documents]
        valid = [result for result in parsed if isinstance(result, _ParsedEvent)]
        seen: set[tuple[str, str]] = set()
        if valid:
            self.ledger.writer.lock_ledger(ctx.db)  # no other writer may add what is looked up here
            seen = self.ledger.events.find_existing(
                ctx.db, {(item.event.cloud, id_) for item in valid for id_ in item.ids}
            )
            store_batch(ctx.db, self.ledger, parse_events(self.parser, [item.event for item in valid]), ctx.now)
        return [result if isinstance(result, EventResult) else _result(result, seen) for result in parsed]

    def _parse(self, document: bytes, cloud: str) -> _ParsedEvent | EventResult:
        try:
            event = self._with_meters(parse_cloudevent(document, cloud))
            validate_cloud_name(event.cloud)
            if event.event_type.startswith(_RESERVED_PREFIXES) and event.event_type not in usage_events.EVENT_TYPES:
                raise InvalidMessage(f"type {event.event_type} is reserved")
            statements = self.parser.parse_event(event)
        except Invalid as error:
            return EventResult("rejected", reason=error.message)
        return _ParsedEvent(event, frozenset(parsed.statement.message_id for parsed in statements))

    def _with_meters(self, event: Event) -> Event:
        """Return the event with kind, unit and hold of its samples from the meter file.

        So the stored message gives the same samples after the file has changed. Raises: InvalidMessage, if the event
        contradicts the file.
        """
        samples = event.payload.get("samples")
        if event.event_type != usage_events.SAMPLED or not isinstance(samples, dict):
            return event
        resource_type = str(event.payload.get("resource_type"))
        complete = {name: self._with_meter(resource_type, name, value) for name, value in samples.items()}
        return replace(event, payload={**event.payload, "samples": complete})

    def _with_meter(self, resource_type: str, name: str, value: object) -> object:
        meter = self.parser.find_sample(resource_type, name)
        if meter is None:
            return value
        sample = value if isinstance(value, dict) else {"value": value}
        defined = {"kind": meter.kind, "unit": meter.unit}
        for key, expected in defined.items():
            if sample.get(key) not in (None, expected):
                raise InvalidMessage(f"samples.{name}: {key} must be {expected}")
        return {**sample, **defined, "hold": sample.get("hold") or meter.hold}


def _result(parsed: _ParsedEvent, seen: set[tuple[str, str]]) -> EventResult:
    """Return the result; of two events with the same id in one request the second is a duplicate."""
    message_id = parsed.event.message_id
    if not parsed.ids:
        return EventResult("ignored", message_id, f"{parsed.event.event_type} has no statement about metered usage")
    keys = {(parsed.event.cloud, id_) for id_ in parsed.ids}
    if keys <= seen:
        return EventResult("duplicate", message_id)
    seen |= keys
    return EventResult("ingested", message_id)
