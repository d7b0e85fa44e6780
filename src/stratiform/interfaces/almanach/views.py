"""The ledger as Almanach tells it: neighbouring segments that Almanach doesn't tell apart are one entity.

Source: almanach/core/model.py (the keys), and answers of Almanach 4.1.0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from stratiform.interfaces.almanach.auth import Almanach
from stratiform.interfaces.almanach.schemas import SYSTEM
from stratiform.kit.clock import DAY_US, SECOND_US, Micros, to_datetime
from stratiform.services.ledger.model import RecordedSegment

#: Name of a volume type, by its cloud and id.
TypeNames = Mapping[tuple[str, str], str]


class Entity(msgspec.Struct, gc=False):
    """A stretch of use that Almanach shows as one: from the start of `first` to the end of `last`. `shown` is what of
    its attributes is shown."""

    first: RecordedSegment
    last: RecordedSegment
    shown: tuple[Any, ...]
    recorded_at: Micros

    @property
    def end(self) -> Micros | None:
        return self.last.end


class InstanceView(msgspec.Struct, gc=False):
    """The keys are in the order in which Almanach has them."""

    end: str | None
    entity_id: str
    entity_type: str
    flavor: str | None
    image_meta: dict[str, str]
    last_event: str
    metadata: dict[str, str]
    name: str
    os: dict[str, str]
    processed: str
    project_id: str
    start: str


class VolumeView(msgspec.Struct, gc=False):
    """As `InstanceView`."""

    attached_to: list[str]
    end: str | None
    entity_id: str
    entity_type: str
    last_event: str
    name: str
    processed: str
    project_id: str
    size: int | None
    start: str
    volume_type: str | None


_IMAGE_KEYS = SYSTEM | {attribute: attribute for attribute in SYSTEM.values()}


def merged(noted: Iterable[RecordedSegment], almanach: Almanach) -> list[Entity]:
    """Entities of segments that are ordered by resource and start."""
    shown_of = {"instance": _Shown(_shown_of_instances(almanach)), "volume": _Shown(_SHOWN_OF_VOLUMES)}
    found: list[Entity] = []
    held: Entity | None = None
    for one in noted:
        shown = shown_of[one.resource_type].of(one)
        if held is not None and held.last.end == one.start and held.shown == shown and _same(held.last, one):
            held.last = one
            held.recorded_at = max(held.recorded_at, one.recorded_at)
        else:
            held = Entity(one, one, shown, one.recorded_at)
            found.append(held)
    return found


@dataclass(frozen=True, slots=True)
class _Shown:
    """The values of some attributes, made once for all segments that are alike (see `RecordedSegment`)."""

    names: tuple[str, ...]
    _made: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def of(self, one: RecordedSegment) -> tuple[Any, ...]:
        made = self._made.get(id(one.attributes))
        if made is None:
            made = self._made[id(one.attributes)] = tuple(one.attributes.get(name) for name in self.names)
        return made


def _same(one: RecordedSegment, other: RecordedSegment) -> bool:
    """Whether both are of the same resource in the same project."""
    return (
        one.resource_id == other.resource_id
        and one.project_id == other.project_id
        and one.cloud == other.cloud
        and one.resource_type == other.resource_type
    )


_SHOWN_OF_VOLUMES = ("size_gib", "volume_type", "volume_type_name", "attached_to")


def _shown_of_instances(almanach: Almanach) -> tuple[str, ...]:
    return ("flavor", *(_IMAGE_KEYS.get(key, "") for key in almanach.image_meta))


def encoded(entities: Sequence[Entity], almanach: Almanach, types: TypeNames) -> bytes:
    """The list of `entities`, as JSON."""
    return msgspec.json.encode([entity_view(entity, almanach, types) for entity in entities])


def entity_view(entity: Entity, almanach: Almanach, types: TypeNames) -> InstanceView | VolumeView:
    """One entity, with the name and the labels that were last told of its resource."""
    one, end = entity.last, entity.last.end
    start = _time(entity.first.start)
    ended = None if end is None else _time(end)
    processed = _often(entity.recorded_at)
    if one.resource_type == "volume":
        return VolumeView(
            attached_to=attached_to(one),
            end=ended,
            entity_id=one.resource_id,
            entity_type="volume",
            last_event=ended or start,
            name=one.name,
            processed=processed,
            project_id=one.project_id,
            size=one.attributes.get("size_gib"),
            start=start,
            volume_type=_type_name(one, types),
        )
    flavor, *system = entity.shown
    image = {key: value for key, value in zip(almanach.image_meta, system, strict=True) if value is not None}
    return InstanceView(
        end=ended,
        entity_id=one.resource_id,
        entity_type="instance",
        flavor=flavor,
        image_meta=image,
        last_event=ended or start,
        metadata={key: one.tags[key] for key in almanach.metadata if key in one.tags} if almanach.metadata else {},
        name=one.name,
        os=image,
        processed=processed,
        project_id=one.project_id,
        start=start,
    )


def attached_to(one: RecordedSegment) -> list[str]:
    """The machines that have a volume."""
    told = one.attributes.get("attached_to")
    return str(told).split(",") if told else []


def unnamed_types(noted: Iterable[RecordedSegment]) -> set[str]:
    """The ids of volume types that stand without a name."""
    return {
        one.attributes["volume_type"]
        for one in noted
        if "volume_type" in one.attributes and "volume_type_name" not in one.attributes
    }


def _type_name(one: RecordedSegment, types: TypeNames) -> str | None:
    """The type's name; its id, where nobody has told a name."""
    told = one.attributes.get("volume_type_name")
    if told is not None:
        return str(told)
    type_id = one.attributes.get("volume_type")
    return None if type_id is None else types.get((one.cloud, type_id)) or type_id


def _time(us: Micros) -> str:
    """As Python prints a datetime: `2016-01-01 18:30:00+00:00`, a fraction only where there is one."""
    days, rest = divmod(us, DAY_US)
    seconds, fraction = divmod(rest, SECOND_US)
    text = f"{_day(days)} {_hour(seconds)}"
    return f"{text}.{fraction:06d}+00:00" if fraction else f"{text}+00:00"


#: Thousands of entities came to be known in one batch.
_often = lru_cache(4096)(_time)


@lru_cache(4096)
def _day(days: int) -> str:
    return to_datetime(days * DAY_US).strftime("%Y-%m-%d")


@lru_cache(86_400)
def _hour(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
