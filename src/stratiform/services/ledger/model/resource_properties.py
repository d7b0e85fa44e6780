"""Properties of a resource at an instant: project, state and attributes. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement

#: Known properties by name. The name of an attribute has a leading dot.
Properties = dict[str, object]

#: The state of a resource from its launch until a statement has another.
_DEFAULT_STATES = {"volume": "available"}
_DEFAULT_STATE = "active"


def get_default_state(resource_type: str) -> str:
    """Return the state of a resource for which no statement has one."""
    return _DEFAULT_STATES.get(resource_type, _DEFAULT_STATE)


def get_stated_properties(statement: Statement) -> Properties:
    """Return the properties that `statement` asserts."""
    return build_properties(statement.project_id, statement.state, statement.attributes)


def build_properties(project_id: str | None, state: str | None, attributes: Mapping[str, object]) -> Properties:
    """Return properties without those that are None."""
    properties: Properties = {f".{name}": value for name, value in attributes.items()}
    if project_id is not None:
        properties["project_id"] = project_id
    if state is not None:
        properties["state"] = state
    return properties


def compute_initial_properties(stated: Sequence[Properties]) -> Properties:
    """Return the properties before the first statement: for each property the first value that is stated."""
    initial: Properties = {}
    for properties in reversed(stated):
        initial.update(properties)
    return initial


def to_comparable(properties: Mapping[str, object]) -> dict[str, object]:
    """Return a form that is equal for two sets of properties if no segment boundary is between them.

    In Python `True == 1`, but they are different values of an attribute.
    """
    return {
        name: (value,) if isinstance(value, bool) else value for name, value in properties.items() if value is not None
    }


def build_segment(resource: Resource, start: Micros, end: Micros | None, properties: Properties) -> Segment:
    """Return the segment of `resource` with these properties."""
    attributes = {name[1:]: properties[name] for name in _stated_attributes(properties)}
    state = properties.get("state", get_default_state(resource.resource_type))
    return Segment(*resource, str(properties.get("project_id", "")), start, end, str(state), attributes)


def _stated_attributes(properties: Properties) -> Iterable[str]:
    return (name for name in sorted(properties) if name[0] == "." and properties[name] is not None)
