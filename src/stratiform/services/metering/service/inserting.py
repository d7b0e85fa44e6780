"""Events that other programs tell us of, one by one answered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events import cloudevents
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.taking import Taking, check_cloud

Outcome = Literal["accepted", "repeated", "ignored", "rejected"]

#: What staff and other services of ours say has verbs of its own.
_RESERVED = ("usage.", "almanach.")


@dataclass(frozen=True, slots=True)
class Inserted:
    """What became of one event: `message_id` is what the ledger knows it by; `reason` why it tells of no use."""

    outcome: Outcome
    message_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Understood:
    """`ids` are those of its facts; none, where it tells of no use."""

    event: Event
    ids: frozenset[str]


class Inserting(Taking):
    """Verbs that take CloudEvents."""

    __slots__ = ()

    def insert(self, ctx: RequestContext, cloud: str, messages: Sequence[bytes]) -> list[Inserted]:
        """Take CloudEvents, each a JSON document, into the ledger; what became of each. Those that can't be taken are
        told, not kept. Raises Forbidden, Invalid (no such name of a cloud)."""
        policy.require(ctx.caller, "usage:events:create", None)
        check_cloud(cloud)
        read = [self._understood(message, cloud) for message in messages]
        understood = [one for one in read if isinstance(one, _Understood)]
        seen: set[tuple[str, str]] = set()
        if understood:
            repository.ledger.take(ctx.db)  # from here on nobody else adds what is looked for
            seen = repository.events.known(ctx.db, {(one.event.cloud, key) for one in understood for key in one.ids})
            self.post_events(ctx, [one.event for one in understood])
        return [one if isinstance(one, Inserted) else _outcome(one, seen) for one in read]

    def _understood(self, message: bytes, cloud: str) -> _Understood | Inserted:
        try:
            event = self._counted(cloudevents.event_of(message, cloud))
            check_cloud(event.cloud)
            if event.event_type.startswith(_RESERVED) and event.event_type not in cloudevents.OWN:
                raise Malformed(f"{event.event_type} isn't taken here")
            facts = self.reader.read(event)
        except Invalid as error:
            return Inserted("rejected", reason=error.message)
        return _Understood(event, frozenset(fact.statement.message_id for fact in facts))

    def _counted(self, event: Event) -> Event:
        """With how its samples are counted, as a meter file says: so that the message, read again, tells the same
        though the file may change. Raises Malformed where event and file say different things."""
        told = event.payload.get("samples")
        if event.event_type != cloudevents.SAMPLED or not isinstance(told, dict):
            return event
        resource_type = str(event.payload.get("resource_type"))
        samples = {name: self._counted_sample(resource_type, name, value) for name, value in told.items()}
        return replace(event, payload={**event.payload, "samples": samples})

    def _counted_sample(self, resource_type: str, name: str, told: Any) -> Any:
        sample = self.reader.sample(resource_type, name)
        if sample is None:
            return told
        one = told if isinstance(told, dict) else {"value": told}
        ours = {"kind": sample.kind, "unit": sample.unit}
        for key, value in ours.items():
            if one.get(key) not in (None, value):
                raise Malformed(f"samples.{name}: its {key} is {value}")
        return {**one, **ours, "hold": one.get("hold") or sample.hold}


def _outcome(one: _Understood, seen: set[tuple[str, str]]) -> Inserted:
    """Of two with the same id in one request the first is new, and the second repeats it."""
    message_id = one.event.message_id
    if not one.ids:
        return Inserted("ignored", message_id, f"nothing that is metered is told by {one.event.event_type}")
    keys = {(one.event.cloud, key) for key in one.ids}
    if keys <= seen:
        return Inserted("repeated", message_id)
    seen |= keys
    return Inserted("accepted", message_id)
