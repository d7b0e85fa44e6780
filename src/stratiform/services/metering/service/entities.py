"""Whole resources with all their segments, and what staff and other services tell of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.outbox import Event
from stratiform.services.metering import repository
from stratiform.services.metering.model import Filter, Resource
from stratiform.services.metering.model.noted import Noted
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.reading import Reading
from stratiform.services.metering.service.taking import Taking

#: What the messages of others are ordered before, where they speak of the same instant: an id of theirs is a UUID.
_LAST_WORD = "told"

MACHINES, VOLUMES = "instance", "volume"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one resource at the instant `at`: the payload of an event (see `events.almanach`)."""

    event_type: str
    resource: Resource
    at: Micros
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VolumeType:
    """A kind of volumes, by the name that was last told; `gone`: it is there no more."""

    cloud: str
    id: str
    name: str
    gone: bool


class Entities(Taking, Reading):
    """Verbs on whole resources."""

    __slots__ = ()

    def list_histories(
        self, ctx: RequestContext, project_id: str, kinds: Sequence[str], first: Micros, last: Micros
    ) -> list[Noted]:
        """The segments of all that the project used at some time in `[first, last]`, from their beginnings on, ordered
        by resource and start. Raises NotFound for a stranger's project, Forbidden."""
        pinned = self.pinned(ctx, Filter(project_id=project_id))
        return repository.entities.of_project(ctx.db, pinned, kinds, first, last)

    def history(self, ctx: RequestContext, resource_id: str, kinds: Sequence[str] = (MACHINES, VOLUMES)) -> list[Noted]:
        """All segments of whatever has this id; of those the caller's project's, but for the operator. Raises
        Forbidden."""
        allowed = self.allowed(ctx, Filter(resource_id=resource_id))
        found = repository.entities.of_resource(ctx.db, resource_id, kinds)
        return [one for one in found if allowed.project_id in (None, one.project_id)]

    def whole_history(self, ctx: RequestContext, resource_id: str, kinds: Sequence[str]) -> list[Noted]:
        """All segments of whatever has this id, for whoever may `tell` of it. Raises Forbidden."""
        self.require_teller(ctx)
        return repository.entities.of_resource(ctx.db, resource_id, kinds)

    def counts(self, db: Connection) -> tuple[int, int]:
        """How many segments machines and volumes have, and how many of them go on. Anyone may know."""
        return repository.entities.counts(db, (MACHINES, VOLUMES))

    def volume_types(self, ctx: RequestContext, ids: Sequence[str] | None = None) -> list[VolumeType]:
        """All, or those with one of `ids`. Every caller may know their names."""
        policy.require(ctx.caller, "usage:volume_types:list", None)
        found = repository.entities.named(ctx.db, "volume_type", ids)
        return [VolumeType(cloud, one, name, gone="gone" in tags) for cloud, one, name, tags in found]

    def require_teller(self, ctx: RequestContext) -> None:
        """Raises Forbidden for whoever may not `tell`."""
        policy.require(ctx.caller, "usage:entities:tell", None)

    def last_message(self, ctx: RequestContext, resource: Resource) -> Micros:
        """The instant of the last message that is known of a resource; 0 where there is none."""
        self.require_teller(ctx)
        return repository.entities.last_message(ctx.db, resource)

    def tell(self, ctx: RequestContext, told: Sequence[Told]) -> None:
        """Put this into the ledger. What was told last of the same instant isn't told twice; where two tell different
        things of one instant, the later counts. Raises Forbidden, Invalid."""
        self.require_teller(ctx)
        events = []
        for place, one in enumerate(told):
            digest = _digest(one)
            last = repository.entities.last_told(ctx.db, one.resource, one.at)
            if not last.endswith(digest):
                message_id = f"{_LAST_WORD}-{ctx.now:020d}-{place}-{digest}"
                publisher = f"almanach.{ctx.caller.user_name or ctx.caller.user_id}"[:255]
                payload = {**one.payload, "id": one.resource.resource_id}
                events.append(Event(message_id, one.event_type, publisher, one.at, one.resource.cloud, payload))
        for event in events:
            self.reader.read(event)  # what the ledger would put aside is refused here
        self.ingest(ctx.db, events, ctx.now)


def _digest(told: Told) -> str:
    said = msgspec.json.encode([told.event_type, told.payload], order="sorted")
    return hashlib.sha256(said).hexdigest()[:32]
