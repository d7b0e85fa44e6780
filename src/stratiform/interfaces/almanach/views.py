"""Entities in Almanach's format, merged from segments of the ledger.

Consecutive segments that differ only in attributes that Almanach does not show form one entity.
Source: almanach/core/model.py (the keys), and responses of Almanach 4.1.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from stratiform.interfaces.almanach.schemas import OS_ATTRIBUTES, SIZE_TEXT_ATTRIBUTE
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.kit.clock import DAY_US, SECOND_US, Micros, to_datetime
from stratiform.services.ledger.model import RecordedSegment, Resource
from stratiform.services.ledger.service import NameReader

_VOLUME_ATTRIBUTES = ("size_gib", SIZE_TEXT_ATTRIBUTE, "volume_type", "volume_type_name", "attached_to")

#: The ledger's attributes for the keys of `image_meta`, in both spellings.
_IMAGE_ATTRIBUTES = OS_ATTRIBUTES | {attribute: attribute for attribute in OS_ATTRIBUTES.values()}


class Entity(msgspec.Struct, gc=False):
    """The merged segments from `first` to `last`; `attributes` are the values that the API shows."""

    first: RecordedSegment
    last: RecordedSegment
    attributes: tuple[Any, ...]
    recorded_at: Micros

    @property
    def end(self) -> Micros | None:
        return self.last.end


class InstanceView(msgspec.Struct, gc=False):
    """An instance in a response, with the keys in Almanach's order."""

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
    """A volume in a response, with the keys in Almanach's order."""

    attached_to: list[str]
    end: str | None
    entity_id: str
    entity_type: str
    last_event: str
    name: str
    processed: str
    project_id: str
    size: int | str | None
    start: str
    volume_type: str | None


@dataclass(frozen=True, slots=True)
class _AttributeSelector:
    """Selects some attributes of segments, once for each `attributes` object (segments share it where equal)."""

    names: tuple[str, ...]
    _cache: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def select(self, segment: RecordedSegment) -> tuple[Any, ...]:
        key = id(segment.attributes)
        values = self._cache.get(key)
        if values is None:
            values = self._cache[key] = tuple(segment.attributes.get(name) for name in self.names)
        return values


def merge_segments(segments: Iterable[RecordedSegment], settings: AlmanachSettings) -> list[Entity]:
    """Return the entities of segments, which are ordered by resource and start."""
    instance_attributes = ("flavor", *(_IMAGE_ATTRIBUTES.get(key, "") for key in settings.image_meta))
    selectors = {
        "instance": _AttributeSelector(instance_attributes),
        "volume": _AttributeSelector(_VOLUME_ATTRIBUTES),
    }
    entities: list[Entity] = []
    current: Entity | None = None
    for segment in segments:
        attributes = selectors[segment.resource_type].select(segment)
        if current is not None and _continues(current, segment, attributes):
            current.last = segment
            current.recorded_at = max(current.recorded_at, segment.recorded_at)
        else:
            current = Entity(segment, segment, attributes, segment.recorded_at)
            entities.append(current)
    return entities


def build_view(entity: Entity, settings: AlmanachSettings, names: NameReader) -> InstanceView | VolumeView:
    """Return the view of an entity; name and metadata are the latest ones of its resource.

    Its volume type has the name that applied at its start.
    """
    segment, end = entity.last, entity.last.end
    start = _format_time(entity.first.start)
    ended = None if end is None else _format_time(end)
    processed = _format_time_cached(entity.recorded_at)
    if segment.resource_type == "volume":
        return VolumeView(
            attached_to=_split_ids(segment),
            end=ended,
            entity_id=segment.resource_id,
            entity_type="volume",
            last_event=ended or start,
            name=segment.name,
            processed=processed,
            project_id=segment.project_id,
            size=_get_size(segment),
            start=start,
            volume_type=_get_type_name(segment, entity.first.start, names),
        )
    flavor, *image = entity.attributes
    image_meta = {key: value for key, value in zip(settings.image_meta, image, strict=True) if value is not None}
    return InstanceView(
        end=ended,
        entity_id=segment.resource_id,
        entity_type="instance",
        flavor=flavor,
        image_meta=image_meta,
        last_event=ended or start,
        metadata={key: segment.tags[key] for key in settings.metadata if key in segment.tags},
        name=segment.name,
        os=image_meta,
        processed=processed,
        project_id=segment.project_id,
        start=start,
    )


def list_unnamed_volume_types(segments: Iterable[RecordedSegment]) -> set[Resource]:
    """Return the volume types whose names are not among the attributes of their segments."""
    return {
        Resource(segment.cloud, "volume_type", segment.attributes["volume_type"])
        for segment in segments
        if "volume_type" in segment.attributes and "volume_type_name" not in segment.attributes
    }


def _continues(entity: Entity, segment: RecordedSegment, attributes: tuple[object, ...]) -> bool:
    """Return True if `segment` belongs to the entity: no gap, equal attributes, same resource and project."""
    last = entity.last
    return (
        last.end == segment.start
        and entity.attributes == attributes
        and last.resource_id == segment.resource_id
        and last.project_id == segment.project_id
        and last.cloud == segment.cloud
        and last.resource_type == segment.resource_type
    )


def _get_size(segment: RecordedSegment) -> int | str | None:
    """Return the size as the client sent it, unless another size has been notified since."""
    size, text = segment.attributes.get("size_gib"), segment.attributes.get(SIZE_TEXT_ATTRIBUTE)
    return text if text is not None and int(text) == size else size


def _split_ids(segment: RecordedSegment) -> list[str]:
    ids = segment.attributes.get("attached_to")
    return str(ids).split(",") if ids else []


def _get_type_name(segment: RecordedSegment, at: Micros, names: NameReader) -> str | None:
    """Return the name of the volume type at an instant, or its id if the name is unknown."""
    name = segment.attributes.get("volume_type_name")
    if name is not None:
        return str(name)
    type_id = segment.attributes.get("volume_type")
    return None if type_id is None else names.find_name(Resource(segment.cloud, "volume_type", type_id), at) or type_id


def _format_time(us: Micros) -> str:
    """Format a time like Python's `str(datetime)`: `2016-01-01 18:30:00+00:00`, with a fraction if it is not 0."""
    days, rest = divmod(us, DAY_US)
    seconds, fraction = divmod(rest, SECOND_US)
    text = f"{_format_day(days)} {_format_seconds(seconds)}"
    return f"{text}.{fraction:06d}+00:00" if fraction else f"{text}+00:00"


#: For times that many entities share: all events of a batch are recorded at the same time.
_format_time_cached = lru_cache(4096)(_format_time)


@lru_cache(4096)
def _format_day(days: int) -> str:
    return to_datetime(days * DAY_US).date().isoformat()


@lru_cache(86_400)
def _format_seconds(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
