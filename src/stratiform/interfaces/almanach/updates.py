"""What is told through the API, as events of the ledger. An update is a correction: nothing is edited in place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stratiform.interfaces.almanach.errors import BadFields
from stratiform.interfaces.almanach.schemas import NewInstance, NewVolume, Update
from stratiform.interfaces.almanach.views import Entity
from stratiform.kit.clock import Micros, iso
from stratiform.services.ingest.service import ResourceUpdate
from stratiform.services.ledger.model import RecordedSegment, Resource
from stratiform.services.ledger.service import VolumeType

#: What a flavor is besides its name. Almanach tells flavors by name alone, so of a new one the rest isn't known.
_SIZES = ("flavor_id", "vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib")

_REASON = "PUT /entity/instance"


def instance_created(of: Resource, project_id: str, new: NewInstance) -> ResourceUpdate:
    attributes = {"flavor": new.flavor, **new.system}
    payload = {"project_id": project_id, "name": new.name, "state": "active", "attributes": attributes}
    return ResourceUpdate("almanach.instance.create", of, new.at, payload)


def instance_resized(of: Resource, at: Micros, flavor: str, history: Sequence[RecordedSegment]) -> ResourceUpdate:
    return ResourceUpdate("almanach.instance.resize", of, at, {"attributes": _flavor(flavor, history)})


def instance_rebuilt(
    of: Resource, at: Micros, system: dict[str, str | None], history: Sequence[RecordedSegment]
) -> ResourceUpdate:
    return ResourceUpdate("almanach.instance.rebuild", of, at, {"attributes": _image(system, history)})


def volume_created(of: Resource, project_id: str, new: NewVolume, kind: VolumeType | None) -> ResourceUpdate:
    attributes = {"size_gib": new.size, "volume_type": kind and kind.id, "volume_type_name": kind and kind.name}
    held = _attached(new.attached_to)
    payload = {"project_id": project_id, "name": new.name, "state": held["state"]}
    return ResourceUpdate(
        "almanach.volume.create", of, new.at, payload | {"attributes": attributes | held["attributes"]}
    )


def volume_resized(of: Resource, at: Micros, size: int) -> ResourceUpdate:
    return ResourceUpdate("almanach.volume.resize", of, at, {"attributes": {"size_gib": size}})


def volume_at(of: Resource, at: Micros, machines: tuple[str, ...], verb: str) -> ResourceUpdate:
    """`verb`: attach or detach; `machines` are all that have it from then on."""
    return ResourceUpdate(f"almanach.volume.{verb}", of, at, _attached(machines))


def ended(of: Resource, at: Micros) -> ResourceUpdate:
    return ResourceUpdate(f"almanach.{of.resource_type}.delete", of, at)


def type_told(of: Resource, at: Micros, verb: str, name: str = "") -> ResourceUpdate:
    """`verb`: create or delete."""
    return ResourceUpdate(f"almanach.volume_type.{verb}", of, at, {"name": name} if name else {})


@dataclass(slots=True)
class Correcting:
    """An update of the entity `entities[place]`; `entities` are all of its resource, in order.

    `known`: the instant of the last message on it. What an update says of an entity that goes on holds until then, and
    from then on as any message: what is told of later instants counts again.
    """

    entities: Sequence[Entity]
    place: int
    known: Micros
    author: str
    now: Micros
    _told: list[ResourceUpdate] = field(default_factory=list)

    def told(self, update: Update) -> list[ResourceUpdate]:
        """The events. Raises BadFields where it would end before it starts."""
        start, end = self.bounds(update)
        if end is not None and end <= start:
            raise BadFields({"end_date": "must be after the start"})
        self._start(start)
        if end is not None:
            self._end(end)
        attributes: dict[str, Any] = {}
        if update.flavor is not None and update.flavor != self._last.attributes.get("flavor"):
            attributes |= _flavor(update.flavor, self._history)
        if update.system is not None:
            attributes |= _image(dict(update.system), [self._last])
        if attributes:
            self._attributes(attributes, start, end)
        self._names(update)
        return self._told

    def bounds(self, update: Update) -> tuple[Micros, Micros | None]:
        """From when until when the entity is to be."""
        start = self._first.start if update.start is None else update.start
        return start, self._last.end if update.end is None else update.end

    @property
    def _first(self) -> RecordedSegment:
        return self.entities[self.place].first

    @property
    def _last(self) -> RecordedSegment:
        return self.entities[self.place].last

    @property
    def _history(self) -> list[RecordedSegment]:
        return [entity.last for entity in self.entities]

    def _start(self, start: Micros) -> None:
        """It begins earlier at the cost of the entity before, or later; then nothing was in use in between."""
        old = self._first.start
        if start == old:
            return
        if self.place == 0:
            self._correct(start=start)
        elif start > old:
            self._correct(since=old, until=start, absent=True)
        else:
            self._correct(since=start, until=old, **_standing(self._first, self._history))

    def _end(self, end: Micros) -> None:
        old = self._last.end
        if end == old:
            return
        if self.place == len(self.entities) - 1 or old is None:
            self._correct(end=end)
        elif end < old:
            self._correct(since=end, until=old, absent=True)
        else:
            self._correct(since=old, until=end, **_standing(self._last, self._history))

    def _attributes(self, attributes: dict[str, Any], start: Micros, end: Micros | None) -> None:
        if end is not None:
            self._correct(since=start, until=end, attributes=attributes)
            return
        until = max(self.known, start) + 1
        self._correct(since=start, until=until, attributes=attributes)
        self._told.append(ResourceUpdate(_UPDATE, self._first_resource, until, {"attributes": attributes}))

    def _names(self, update: Update) -> None:
        labels = {"name": update.name, "metadata": update.metadata}
        given = {name: value for name, value in labels.items() if value is not None}
        if given:
            self._told.append(ResourceUpdate(_UPDATE, self._first_resource, self.now, given))

    @property
    def _first_resource(self) -> Resource:
        return Resource(self._first.cloud, self._first.resource_type, self._first.resource_id)

    def _correct(self, **said: Any) -> None:
        for name in ("start", "end", "since", "until"):
            if name in said:
                said[name] = iso(said[name])
        correction = {"author": self.author, "reason": _REASON, **said}
        self._told.append(ResourceUpdate(_UPDATE, self._first_resource, self.now, {"correction": correction}))


_UPDATE = "almanach.instance.update"


def _standing(one: RecordedSegment, history: Sequence[RecordedSegment]) -> dict[str, Any]:
    """All that stands at `one`; what stands elsewhere only is taken away."""
    others = {name: None for other in history for name in other.attributes}
    return {"project_id": one.project_id, "state": one.state, "attributes": others | one.attributes}


def _flavor(name: str, history: Sequence[RecordedSegment]) -> dict[str, Any]:
    """The flavor, with its sizes as this machine has had them before."""
    sizes: dict[str, Any] = next(
        (one.attributes for one in reversed(history) if one.attributes.get("flavor") == name), {}
    )
    return {"flavor": name} | {size: sizes.get(size) for size in _SIZES}


def _image(system: dict[str, Any], history: Sequence[RecordedSegment]) -> dict[str, Any]:
    """What an image says of itself; of which image it is nothing is told, so it is known only where it is the same."""
    before = history[-1].attributes if history else {}
    same = all(before.get(name) == value for name, value in system.items())
    return system if same else system | {"image_id": None}


def _attached(machines: tuple[str, ...]) -> dict[str, Any]:
    state = "in-use" if machines else "available"
    return {"state": state, "attributes": {"attached_to": ",".join(machines) or None}}
