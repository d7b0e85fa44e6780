"""The meter catalog of compiled meter files."""

from collections.abc import Iterable

from stratiform.services.ingest.parsing import builtin_properties
from stratiform.services.ingest.parsing.meter_files import (
    FILE_RULES,
    AttributeDefinition,
    MeterFile,
    ValueType,
    list_attributes,
)
from stratiform.services.ledger.model import (
    AttributeType,
    CatalogAttribute,
    CatalogMeter,
    CatalogResourceType,
    MeterCatalog,
)
from stratiform.services.ledger.model.resource_properties import get_default_state

_TYPES: dict[ValueType, AttributeType] = {
    "text": "text",
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
}


def build_catalog(meter_files: Iterable[MeterFile]) -> MeterCatalog:
    """Return the catalog of these meter files."""
    return MeterCatalog.from_resource_types(_resource_type(meter_file) for meter_file in meter_files)


def _resource_type(meter_file: MeterFile) -> CatalogResourceType:
    builtin = builtin_properties.ATTRIBUTES.get(meter_file.name, {})
    attributes = {name: _TYPES[value_type] for name, value_type in builtin.items()}
    attributes |= {name: _attribute_type(definition) for name, definition in list_attributes(meter_file)}
    return CatalogResourceType(
        name=meter_file.name,
        title=meter_file.title,
        unit=meter_file.unit,
        attributes={name: CatalogAttribute(name, attributes[name]) for name in sorted(attributes)},
        states=_states(meter_file),
        meters={
            name: CatalogMeter(name, sample.kind, sample.unit, sample.title)
            for name, sample in sorted(meter_file.samples.items())
        },
    )


def _attribute_type(definition: AttributeDefinition) -> AttributeType:
    match definition.constant:
        case None:
            return _TYPES[definition.type]
        case bool():
            return "boolean"
        case int():
            return "integer"
        case _:
            return "text"


def _states(meter_file: MeterFile) -> frozenset[str]:
    """Return the states of its segments; a resource with samples only has no segments."""
    states = {*builtin_properties.STATES.get(meter_file.name, ()), *list_states(meter_file)}
    if states or any(rule.rule in FILE_RULES and rule.rule != "sample" for rule in meter_file.events):
        states.add(get_default_state(meter_file.name))
    return frozenset(states)


def list_states(meter_file: MeterFile) -> set[str]:
    """Return the states that a meter file defines."""
    mapped = set() if meter_file.state is None else set(meter_file.state.map.values())
    return mapped | {rule.state for rule in meter_file.events if rule.state is not None}
