"""What is known of a resource at an instant: of its owner, state and attributes. Pure."""

from collections.abc import Sequence
from typing import Any

from stratiform.services.ledger.model.statements import Statement

#: What is known, by name; attributes have a name that begins with a dot.
Held = dict[str, Any]

#: Owner, state, attributes: a change of these begins a new segment.
Standing = tuple[str, str, dict[str, Any]]

#: In what state a resource is from its launch on, where no statement says another.
_LAUNCH_STATES = {"volume": "available"}
_LAUNCH_STATE = "active"


def said(statement: Statement) -> Held:
    """What `statement` says of owner, state and attributes."""
    return holding(statement.project_id, statement.state, statement.attributes)


def holding(project_id: str | None, state: str | None, attributes: dict[str, Any]) -> Held:
    """These, without what is left open."""
    held: Held = {f".{name}": value for name, value in attributes.items()}
    if project_id is not None:
        held["project_id"] = project_id
    if state is not None:
        held["state"] = state
    return held


def first_said(words: Sequence[Held]) -> Held:
    """What holds before any of `words`: what the first one says that says it."""
    held: Held = {}
    for word in reversed(words):
        held.update(word)
    return held


def what_counts(held: Held) -> Held:
    """Where two of these are equal, nothing changed. Python takes true for 1, but to a reader these are two values."""
    return {name: (value,) if isinstance(value, bool) else value for name, value in held.items() if value is not None}


def standing(resource_type: str, held: Held) -> Standing:
    """Owner, state and attributes by `held`."""
    attributes = {name[1:]: held[name] for name in sorted(held) if name[0] == "." and held[name] is not None}
    state = held.get("state", _LAUNCH_STATES.get(resource_type, _LAUNCH_STATE))
    return held.get("project_id", ""), state, attributes
