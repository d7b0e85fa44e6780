"""Schemas of resources: the attributes and states that a correction may set.

They come from the meter file, the parsers in Python, and the segments of the resource, so that typing errors are found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import builtin_properties
from stratiform.services.ingest.parsing.meter_catalog_builder import list_states
from stratiform.services.ingest.parsing.meter_files import MeterFile, ValueType, list_attributes
from stratiform.services.ingest.parsing.payload_values import is_integer, parse_integer, parse_number, quote_value
from stratiform.services.ledger.model import Segment
from stratiform.services.ledger.model.resource_properties import get_default_state

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """The attributes and states of a resource.

    `negative`: integer attributes that have been negative. `is_closed`: other attributes are invalid.
    `has_all_states`: other states are invalid.
    """

    resource_type: str
    attributes: Mapping[str, ValueType]
    states: frozenset[str]
    negative: frozenset[str]
    is_closed: bool
    has_all_states: bool

    def check_state(self, state: str, list_used_states: Callable[[], Iterable[str]]) -> None:
        """Check a state. `list_used_states`: the states of other resources of the type. Raises: InvalidMessage."""
        if state in self.states:
            return
        states = self.states if self.has_all_states else {*self.states, *list_used_states()}
        if state not in states:
            raise InvalidMessage(
                f"state: {quote_value(state)} is not a state of {self.resource_type}",
                hint=f"known states: {', '.join(sorted(states))}",
            )

    def convert_attributes(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """Convert attributes to their types; None removes an attribute. Raises: InvalidMessage."""
        return {name: self._convert(name, value) for name, value in attributes.items()}

    def _convert(self, name: str, value: object) -> object:
        value_type = self.attributes.get(name)
        if value is None or (value_type is None and not self.is_closed):
            return value
        if value_type is None:
            raise InvalidMessage(
                f"attributes.{name}: {self.resource_type} has no such attribute",
                hint=f"known attributes: {', '.join(sorted(self.attributes)) or 'none'}",
            )
        if value_type == "integer" and name in self.negative and is_integer(value):
            return value
        convert, description = _CONVERSIONS[value_type]
        try:
            converted = convert(value)
        except InvalidMessage:
            converted = None
        if converted is None:
            raise InvalidMessage(f"attributes.{name}: {quote_value(value)} is not {description}")
        return converted


def build_resource_schema(
    resource_type: str, meter_file: MeterFile | None, segments: Iterable[Segment]
) -> ResourceSchema:
    """Return the schema of a resource with these segments."""
    listed = list(segments)
    values = [item for segment in listed for item in segment.attributes.items()]
    attributes = {name: _type_of(value) for name, value in values}
    attributes |= builtin_properties.ATTRIBUTES.get(resource_type, {})
    states = {segment.state for segment in listed} | {*builtin_properties.STATES.get(resource_type, ())}
    states.add(get_default_state(resource_type))
    if meter_file is not None:
        attributes |= {
            name: definition.type if definition.constant is None else _type_of(definition.constant)
            for name, definition in list_attributes(meter_file)
        }
        states |= list_states(meter_file)
    return ResourceSchema(
        resource_type,
        attributes,
        frozenset(states),
        frozenset(name for name, value in values if is_integer(value) and value < 0),
        is_closed=meter_file is not None,
        has_all_states=resource_type in builtin_properties.STATES,
    )


def _type_of(value: object) -> ValueType:
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "text"


def _to_text(value: object) -> str | None:
    """Return a string; an integer is converted, because ids may consist of digits."""
    if is_integer(value):
        return str(value)
    return value if isinstance(value, str) else None


def _to_integer(value: object) -> int | None:
    return parse_integer(value, "")


def _to_decimal(value: object) -> str | None:
    number = parse_number(value, "")
    return None if number is None else str(number)


def _to_boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return _BOOLEANS.get(value)
    return value if isinstance(value, bool) else None


#: Conversion of each type, and what a valid value is.
_CONVERSIONS: dict[ValueType, tuple[Callable[[object], object], str]] = {
    "text": (_to_text, "a string"),
    "integer": (_to_integer, "a non-negative integer"),
    "decimal": (_to_decimal, "a non-negative number"),
    "boolean": (_to_boolean, "a boolean"),
}
