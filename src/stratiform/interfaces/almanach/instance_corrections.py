"""Updates of an instance's entity, as corrections of its segments in the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stratiform.interfaces.almanach.errors import InvalidFields
from stratiform.interfaces.almanach.resource_updates import flavor_attributes, image_attributes
from stratiform.interfaces.almanach.schemas import InstanceUpdate
from stratiform.interfaces.almanach.views import Entity
from stratiform.kit.clock import Micros, format_iso
from stratiform.services.ingest.service import ResourceUpdate
from stratiform.services.ledger.model import RecordedSegment, Resource

_EVENT_TYPE = "almanach.instance.update"
_REASON = "PUT /entity/instance"


@dataclass(frozen=True, slots=True)
class InstanceCorrection:
    """An update of `entities[index]`; `entities` are all those of the instance, in order of time.

    An update of the active entity is a correction until `last_event_at`, the time of the instance's last event, and an
    ordinary event from then on, so that later events take effect.
    """

    entities: Sequence[Entity]
    index: int
    last_event_at: Micros
    author: str
    now: Micros

    def build_updates(self, update: InstanceUpdate) -> Sequence[ResourceUpdate]:
        """Raises InvalidFields if the entity would end before it starts."""
        start, end = self.get_bounds(update)
        if end is not None and end <= start:
            raise InvalidFields({"end_date": "must be after the start"})
        return [
            *self._move_start(start),
            *self._move_end(end),
            *self._change_attributes(update, start, end),
            *self._change_labels(update),
        ]

    def get_bounds(self, update: InstanceUpdate) -> tuple[Micros, Micros | None]:
        """Return the start and the end of the entity after the update."""
        start = self._first.start if update.start is None else update.start
        return start, self._last.end if update.end is None else update.end

    @property
    def _first(self) -> RecordedSegment:
        return self.entities[self.index].first

    @property
    def _last(self) -> RecordedSegment:
        return self.entities[self.index].last

    @property
    def _segments(self) -> Sequence[RecordedSegment]:
        return [entity.last for entity in self.entities]

    @property
    def _resource(self) -> Resource:
        return Resource(self._first.cloud, self._first.resource_type, self._first.resource_id)

    def _move_start(self, start: Micros) -> Iterator[ResourceUpdate]:
        """An earlier start shortens the entity before; a later one leaves a gap."""
        old = self._first.start
        if start == old:
            return
        if self.index == 0:
            yield self._correct(start=format_iso(start))
        elif start > old:
            yield self._correct(since=format_iso(old), until=format_iso(start), absent=True)
        else:
            yield self._correct(
                since=format_iso(start), until=format_iso(old), **_snapshot(self._first, self._segments)
            )

    def _move_end(self, end: Micros | None) -> Iterator[ResourceUpdate]:
        """A later end shortens the entity after; an earlier one leaves a gap."""
        old = self._last.end
        if end is None or end == old:
            return
        if self.index == len(self.entities) - 1 or old is None:
            yield self._correct(end=format_iso(end))
        elif end < old:
            yield self._correct(since=format_iso(end), until=format_iso(old), absent=True)
        else:
            yield self._correct(since=format_iso(old), until=format_iso(end), **_snapshot(self._last, self._segments))

    def _change_attributes(self, update: InstanceUpdate, start: Micros, end: Micros | None) -> Iterator[ResourceUpdate]:
        attributes: dict[str, object] = {}
        if update.flavor is not None and update.flavor != self._last.attributes.get("flavor"):
            attributes |= flavor_attributes(update.flavor, self._segments)
        if update.os_attributes is not None:
            attributes |= image_attributes(update.os_attributes, [self._last])
        if not attributes:
            return
        until = max(self.last_event_at, start) + 1 if end is None else end
        yield self._correct(since=format_iso(start), until=format_iso(until), attributes=attributes)
        if end is None:
            yield ResourceUpdate(_EVENT_TYPE, self._resource, until, {"attributes": attributes})

    def _change_labels(self, update: InstanceUpdate) -> Iterator[ResourceUpdate]:
        labels = {"name": update.name, "metadata": update.metadata}
        changes = {name: value for name, value in labels.items() if value is not None}
        if changes:
            yield ResourceUpdate(_EVENT_TYPE, self._resource, self.now, changes)

    def _correct(self, **changes: object) -> ResourceUpdate:
        correction = {"author": self.author, "reason": _REASON, **changes}
        return ResourceUpdate(_EVENT_TYPE, self._resource, self.now, {"correction": correction})


def _snapshot(segment: RecordedSegment, segments: Sequence[RecordedSegment]) -> dict[str, object]:
    """Return the full state of `segment`; attributes that only other segments have are None."""
    cleared = {name: None for other in segments for name in other.attributes}
    return {"project_id": segment.project_id, "state": segment.state, "attributes": cleared | segment.attributes}
