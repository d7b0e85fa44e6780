"""The meter catalog: which resource types are metered, with their attributes, states and meters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

#: `text` values are strings, `decimal` values are strings of decimal digits; the others are the JSON types.
AttributeType = Literal["text", "integer", "decimal", "boolean"]

#: `delta`: each value is the usage since the previous value. `cumulative`: a counter that only grows until it is reset.
#: `gauge`: a level, which is summed over time as value × seconds.
MeterKind = Literal["delta", "cumulative", "gauge"]
METER_KINDS: tuple[str, ...] = get_args(MeterKind)


@dataclass(frozen=True, slots=True)
class CatalogAttribute:
    """An attribute of the segments of a resource type."""

    name: str
    type: AttributeType


@dataclass(frozen=True, slots=True)
class CatalogMeter:
    """A meter of a resource type. `unit` is the unit of one sample; a gauge sums to `unit`·seconds."""

    name: str
    kind: MeterKind
    unit: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CatalogResourceType:
    """A metered resource type. `states` are the states of its segments; empty if it has samples only.

    `unit` is what one resource is called on an invoice, such as `load balancer`.
    """

    name: str
    title: str = ""
    unit: str = ""
    attributes: Mapping[str, CatalogAttribute] = field(default_factory=dict)
    states: frozenset[str] = frozenset()
    meters: Mapping[str, CatalogMeter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeterCatalog:
    """All metered resource types by name. The ledger may hold other types, which arrive as CloudEvents."""

    resource_types: Mapping[str, CatalogResourceType]

    @classmethod
    def from_resource_types(cls, resource_types: Iterable[CatalogResourceType]) -> "MeterCatalog":
        """Build a catalog; of two types with the same name the last one counts."""
        return cls({resource_type.name: resource_type for resource_type in resource_types})

    def find(self, resource_type: str) -> CatalogResourceType | None:
        """Return the resource type, or None if no meter file defines it."""
        return self.resource_types.get(resource_type)

    def find_meter(self, resource_type: str, meter: str) -> CatalogMeter | None:
        """Return a meter of a resource type, or None if no meter file defines it."""
        definition = self.resource_types.get(resource_type)
        return None if definition is None else definition.meters.get(meter)

    def __contains__(self, resource_type: object) -> bool:
        return resource_type in self.resource_types

    def __iter__(self) -> Iterator[CatalogResourceType]:
        return iter(self.resource_types.values())
