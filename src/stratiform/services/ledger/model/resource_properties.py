"""Properties of a resource at an instant: project, state and attributes. Pure functions."""

from collections.abc import Mapping, Sequence

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.segments import Segment
from stratiform.services.ledger.model.statements import Statement

#: Known properties by name: attributes, and the project and the state, whose names no attribute has.
Properties = dict[str, object]
PROJECT, STATE = "/project_id", "/state"

#: The state of a resource from its launch until a statement has another.
_DEFAULT_STATES = {"volume": "available"}
_DEFAULT_STATE = "active"

#: Attributes that describe the value of another one. Where that value changes, they are not known any more.
_DEPENDENT = (
    ("volume_type_name", "volume_type"),
    ("image_name", "image_id"),
    ("flavor", "flavor_id"),
    ("flavor_id", "flavor"),
)


def get_default_state(resource_type: str) -> str:
    """Return the state of a resource for which no statement has one."""
    return _DEFAULT_STATES.get(resource_type, _DEFAULT_STATE)


def get_stated_properties(statement: Statement) -> Properties:
    """Return the properties that `statement` asserts."""
    return build_properties(statement.project_id, statement.state, statement.attributes)


def build_properties(project_id: str | None, state: str | None, attributes: Mapping[str, object]) -> Properties:
    """Return properties without those that are None."""
    properties = dict(attributes)
    if project_id is not None:
        properties[PROJECT] = project_id
    if state is not None:
        properties[STATE] = state
    return properties


def compute_initial_properties(stated: Sequence[Properties]) -> Properties:
    """Return the properties before the first statement: for each property the first value that is stated."""
    initial: Properties = {}
    for properties in reversed(stated):
        initial.update(properties)
    for dependent, described in _DEPENDENT:
        if dependent in initial and _describes_later(dependent, described, stated):
            del initial[dependent]
    return initial


def _describes_later(dependent: str, described: str, stated: Sequence[Properties]) -> bool:
    """Return True if the first value of `dependent` describes another value than the first one of `described`."""
    values = []
    for properties in stated:
        if described in properties:
            values.append(properties[described])
        if dependent in properties:
            return bool(values) and values[0] != values[-1]
    return False


def update_properties(properties: Properties, stated: Properties) -> Properties:
    """Return the properties after a statement: those that it asserts, and the others unless they depend on them."""
    updated = properties | stated
    if updated == properties:
        return updated  # the usual case
    for dependent, described in _DEPENDENT:
        is_changed = described in stated and stated[described] != properties.get(described)
        if is_changed and dependent not in stated and properties.get(dependent) is not None:
            updated[dependent] = None
    return updated


def is_same(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    """Return True if no segment boundary is between two sets of properties.

    A property that is None is the same as one that is missing. In Python `True == 1`, but they are different values.
    """
    if first is second:
        return True
    is_equal = first == second
    if is_equal and bool not in map(type, (*first.values(), *second.values())):
        return True  # the usual case
    if not is_equal and None not in first.values() and None not in second.values():
        return False  # the usual case of a change
    return _comparable(first) == _comparable(second)


def _comparable(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        name: (value,) if isinstance(value, bool) else value for name, value in properties.items() if value is not None
    }


def build_segment(resource: Resource, start: Micros, end: Micros | None, properties: Properties) -> Segment:
    """Return the segment of `resource` with these properties."""
    attributes = {name: properties[name] for name in sorted(properties) if properties[name] is not None}
    project_id = attributes.pop(PROJECT, "")
    state = attributes.pop(STATE, get_default_state(resource.resource_type))
    return Segment(*resource, str(project_id), start, end, str(state), attributes)


def encode_properties(properties: Properties) -> Properties:
    """Return properties as they are stored: the names of attributes have a leading dot, the others no slash."""
    return {name[1:] if name[0] == "/" else f".{name}": value for name, value in properties.items()}


def decode_properties(stored: Properties) -> Properties:
    """Return the properties that `encode_properties` has encoded."""
    return {name[1:] if name[0] == "." else f"/{name}": value for name, value in stored.items()}
