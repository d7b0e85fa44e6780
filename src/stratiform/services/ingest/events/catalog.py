"""The meter catalog of compiled meter files."""

from collections.abc import Iterable, Iterator

from stratiform.services.ingest.events.meter_files import TOLD_IN_FILE, MeterFile, attribute_of
from stratiform.services.ingest.events.meter_files import Attribute as AttributeKeys
from stratiform.services.ingest.events.resource_schemas import ATTRIBUTES_BY_CODE, STATES_BY_CODE
from stratiform.services.ledger.model import Attribute, AttributeType, CatalogMeter, MeterCatalog, ResourceType
from stratiform.services.ledger.model.properties import default_state

_TYPES: dict[str, AttributeType] = {"text": "text", "whole": "integer", "decimal": "decimal", "flag": "boolean"}


def catalog_of(meter_files: Iterable[MeterFile]) -> MeterCatalog:
    """Return the catalog of these meter files."""
    return MeterCatalog.of(_resource_type(meter_file) for meter_file in meter_files)


def _resource_type(meter_file: MeterFile) -> ResourceType:
    attributes = {name: _TYPES[kind] for name, kind in ATTRIBUTES_BY_CODE.get(meter_file.name, {}).items()}
    attributes |= dict(_attributes(meter_file))
    return ResourceType(
        name=meter_file.name,
        title=meter_file.title,
        unit=meter_file.unit,
        attributes={name: Attribute(name, attributes[name]) for name in sorted(attributes)},
        states=_states(meter_file),
        meters={
            name: CatalogMeter(name, sample.kind, sample.unit, sample.title)
            for name, sample in sorted(meter_file.samples.items())
        },
    )


def _attributes(meter_file: MeterFile) -> Iterator[tuple[str, AttributeType]]:
    tables = (meter_file.attributes, *(event.attributes for event in meter_file.events))
    for name, definition in (item for table in tables for item in table.items()):
        yield name, _type(attribute_of(definition))


def _type(definition: AttributeKeys) -> AttributeType:
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
    """Return the states of its segments; a resource that only has samples has no segments."""
    states = set(STATES_BY_CODE.get(meter_file.name, ()))
    if meter_file.state is not None:
        states |= set(meter_file.state.map.values())
    states |= {event.state for event in meter_file.events if event.state is not None}
    if states or any(event.rule in TOLD_IN_FILE and event.rule != "sample" for event in meter_file.events):
        states.add(default_state(meter_file.name))
    return frozenset(states)
