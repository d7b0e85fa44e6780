"""Usage as rating reads it from the ledger, and the facts of a segment that decide which prices apply."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Protocol

from stratiform.kit.clock import Micros
from stratiform.services.rating.model.fixed_point import parse_scaled_number

#: Attributes that a condition compares: flavors, volume types and images match by name or by id, because services
#: report one or the other.
ALIASES: dict[str, tuple[str, ...]] = {
    "flavor": ("flavor", "flavor_id"),
    "image": ("image", "image_id", "image_name"),
    "volume_type": ("volume_type", "volume_type_name"),
}

#: Conditions that compare the name of another resource: the attributes with its id and with its name.
_REFERENCES = {
    "flavor": ("flavor_id", "flavor"),
    "image": ("image_id", "image_name"),
    "image_name": ("image_id", "image_name"),
    "volume_type": ("volume_type", "volume_type_name"),
    "volume_type_name": ("volume_type", "volume_type_name"),
}

#: The form of ids of volume types: the attribute has a name if a cloud has no ids of types, such as `gp3`.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: The condition that compares the cloud of a resource instead of an attribute.
CLOUD = "cloud"


class UsageSegment(Protocol):
    """A segment of the ledger: a resource with constant state and attributes in `[start, end)`; `end` None: open."""

    @property
    def resource_type(self) -> str: ...
    @property
    def resource_id(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def cloud(self) -> str: ...
    @property
    def start(self) -> Micros: ...
    @property
    def end(self) -> Micros | None: ...
    @property
    def state(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class SampledUsage:
    """What one sample of a meter adds.

    Where `start` equals `end`, `value` is the usage up to that instant, in `unit`. Otherwise `value` is a level that
    holds in `[start, end)`, and `unit` is the unit of level × seconds, such as `B·s`.
    """

    resource_type: str
    resource_id: str
    project_id: str
    cloud: str
    meter: str
    unit: str
    start: Micros
    end: Micros
    value: Decimal

    def clip(self, start: Micros, end: Micros) -> "SampledUsage":
        """Return the part of a level in `[start, end)`."""
        return replace(self, start=start, end=end)


class NumberField(NamedTuple):
    """A numeric attribute that a price multiplies, in units of 10^-digits."""

    attribute: str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class PricingFacts:
    """The facts of a segment that decide which prices apply to it.

    `texts` has the attributes that conditions compare; `numbers` are the number fields that have a value.
    """

    resource_type: str
    cloud: str
    state: str
    texts: tuple[tuple[str, str], ...]
    numbers: frozenset[NumberField]

    def get_condition_values(self, condition: str) -> list[str]:
        """Return the values that `condition` compares; an attribute without value is the empty text."""
        if condition == CLOUD:
            return [self.cloud]
        attributes = ALIASES.get(condition, (condition,))
        return [value for attribute, value in self.texts if attribute in attributes]

    def find_unnamed(self, condition: str) -> str | None:
        """Return the id of the resource whose name `condition` compares, if the name is not known."""
        id_attribute, name_attribute = _REFERENCES.get(condition, ("", ""))
        texts = dict(self.texts)
        resource_id = texts.get(id_attribute, "")
        if not resource_id or texts.get(name_attribute):
            return None
        return resource_id if id_attribute.endswith("_id") or is_uuid(resource_id) else None

    def describe(self, conditions: list[str]) -> str:
        """Describe the values of `conditions`, for a person who looks for the missing price."""
        return ", ".join(f"{condition} {self._description(condition)}" for condition in [*conditions, CLOUD])

    def _description(self, condition: str) -> str:
        return (
            " / ".join(dict.fromkeys(value for value in self.get_condition_values(condition) if value)) or "(not set)"
        )


@dataclass(frozen=True, slots=True)
class UsageFields:
    """The attributes of usage that the prices of a plan read."""

    texts: tuple[str, ...]
    numbers: tuple[NumberField, ...]

    def extract_facts(self, usage: UsageSegment) -> PricingFacts:
        attributes = usage.attributes
        return PricingFacts(
            usage.resource_type,
            usage.cloud,
            usage.state,
            tuple((name, format_attribute(attributes.get(name))) for name in self.texts),
            frozenset(field for field in self.numbers if get_number(attributes, field) is not None),
        )


def list_compared_attributes(condition: str) -> tuple[str, ...]:
    """Return the attributes that decide whether a condition matches."""
    return tuple(dict.fromkeys((*ALIASES.get(condition, (condition,)), *_REFERENCES.get(condition, ()))))


def is_uuid(text: str) -> bool:
    """Return True if a text is an id, and not a name."""
    return _UUID.fullmatch(text) is not None


def get_number(attributes: Mapping[str, object], field: NumberField) -> int | None:
    """Return the value of a number field, or None if the attribute is missing or not such a number."""
    return parse_scaled_number(attributes.get(field.attribute), field.digits)


def format_attribute(value: object) -> str:
    """Format an attribute's value as conditions compare it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
