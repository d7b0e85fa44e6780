"""Names of resources as facts with a time, and attributes that refer to named resources. Pure functions."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

from msgspec import structs

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.correction_application import select_statements_in_force
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement

S = TypeVar("S", bound=Segment)

#: The cloud of resources that this installation has itself, such as its projects; their ids are unique in all clouds.
OWN_CLOUD = ""


#: The types of resources to which others refer by id, and whose names are read by others.
NAMED_TYPES = ("flavor", "image", "project", "volume_type")
PROJECT_TYPE = "project"


class NameReference(NamedTuple):
    """An attribute with the id of another resource, and the attribute for the name of that resource.

    `is_stated`: messages have the name, too, and it is more precise: the id of a flavor may be used again.
    """

    resource_type: str
    id_attribute: str
    name_attribute: str
    is_stated: bool = False


#: References by the resource type that has the attributes.
REFERENCES: Mapping[str, tuple[NameReference, ...]] = {
    "instance": (
        NameReference("flavor", "flavor_id", "flavor", is_stated=True),
        NameReference("image", "image_id", "image_name"),
    ),
    "volume": (NameReference("volume_type", "volume_type", "volume_type_name"),),
}


#: The types of resources to which others refer.
REFERENCED_TYPES = tuple(sorted({each.resource_type for references in REFERENCES.values() for each in references}))

#: All attributes for names.
NAME_ATTRIBUTES = frozenset(each.name_attribute for references in REFERENCES.values() for each in references)


class StatedName(NamedTuple):
    """A name that a message states besides its statements: that of the project of its caller."""

    resource: Resource
    at: Micros
    name: str


@dataclass(frozen=True, slots=True)
class NameTimeline:
    """The names of a resource, each with the time from which it applies, in order; the first applies before, too."""

    names: tuple[tuple[Micros, str], ...]

    @classmethod
    def from_statements(cls, statements: Iterable[Statement]) -> "NameTimeline":
        """Return the names that statements about one resource state; their order and duplicates do not matter."""
        names: dict[Micros, str] = {}
        for statement in select_statements_in_force(each for each in statements if not each.samples):
            if statement.name is not None:
                names[statement.at] = statement.name
        changes = [*names.items()]
        return cls((*changes[:1], *(later for earlier, later in pairwise(changes) if later[1] != earlier[1])))

    def get_name_at(self, moment: Micros) -> str:
        """Return the name at an instant; "" if the resource has never had one."""
        index = bisect_right(self.names, moment, key=lambda change: change[0]) - 1
        return self.names[max(index, 0)][1] if self.names else ""

    def implies(self, at: Micros, name: str) -> bool:
        """Return True if `name` at the instant `at` adds nothing: it applied already, since an earlier message."""
        return bool(self.names) and self.names[0][0] <= at and self.get_name_at(at) == name

    def list_names_between(self, start: Micros, end: Micros) -> list[tuple[Micros, str]]:
        """Return the names that apply in `[start, end)`, each with the time from which it applies there."""
        starts = [start, *self.iterate_changes_between(start, end)] if self.names else []
        return [(at, self.get_name_at(at)) for at in starts]

    def iterate_changes_between(self, start: Micros, end: Micros | None) -> Iterator[Micros]:
        """Yield the instants after `start` and before `end` at which the name changes."""
        for since, _ in self.names[1:]:
            if start < since and (end is None or since < end):
                yield since


NO_NAMES = NameTimeline(())

#: The names of the resources to which segments refer.
Timelines = Mapping[Resource, NameTimeline]


def list_name_references(
    cloud: str, resource_type: str, attributes: Mapping[str, object], selected: Collection[str] | None = None
) -> list[tuple[NameReference, Resource]]:
    """Return the resources whose names attributes lack: those of the attributes `selected` (None: all)."""
    referenced = []
    for reference in REFERENCES.get(resource_type, ()):
        if selected is not None and reference.name_attribute not in selected:
            continue
        resource_id = attributes.get(reference.id_attribute)
        is_named = reference.is_stated and attributes.get(reference.name_attribute)
        if isinstance(resource_id, str) and resource_id and not is_named:
            referenced.append((reference, Resource(cloud, reference.resource_type, resource_id)))
    return referenced


def split_by_names(
    segment: S, referenced: Iterable[tuple[NameReference, Resource]], timelines: Timelines
) -> Iterator[S]:
    """Yield the segment with names in its attributes, in parts if a name changes; unknown names are not added."""
    named = [(reference, timelines[resource]) for reference, resource in referenced if resource in timelines]
    if not named:
        yield segment
        return
    changes = {at for _, timeline in named for at in timeline.iterate_changes_between(segment.start, segment.end)}
    starts = [segment.start, *sorted(changes)]
    for start, end in zip(starts, [*starts[1:], segment.end], strict=True):
        names = {reference.name_attribute: timeline.get_name_at(start) for reference, timeline in named}
        yield structs.replace(segment, start=start, end=end, attributes={**segment.attributes, **names})
