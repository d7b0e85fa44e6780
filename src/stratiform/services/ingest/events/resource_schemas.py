"""What may be said of resources of a type: their attributes and states, by the meter's file or the code that reads its
messages, and by what was told of the resource before. Staff who mistype one are told so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.meter_files import MeterFile, attribute_of
from stratiform.services.ingest.events.values import number_of, whole_of
from stratiform.services.ledger.model import Segment
from stratiform.services.ledger.model.properties import default_state

#: What `events/nova.py` and `events/cinder.py` read, with the kind of each as a meter file names it.
ATTRIBUTES_BY_CODE: dict[str, dict[str, str]] = {
    "instance": {
        **dict.fromkeys(("vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib"), "whole"),
        **dict.fromkeys(("flavor", "flavor_id", "availability_zone", "image_id"), "text"),
        **dict.fromkeys(("os_type", "os_distro", "os_version"), "text"),
    },
    "volume": {
        "size_gib": "whole",
        **dict.fromkeys(("volume_type", "volume_type_name", "availability_zone", "attached_to"), "text"),
    },
}

#: Nova's states of a machine that is in use, and those of Cinder's that last.
STATES_BY_CODE: dict[str, tuple[str, ...]] = {
    "instance": (
        "active", "error", "paused", "rescued", "resized", "shelved", "shelved_offloaded", "soft-delete", "stopped",
        "suspended",
    ),
    "volume": ("available", "error", "in-use", "maintenance"),
}  # fmt: skip

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`attributes`: name → `text`, `whole`, `decimal` or `flag`. `below_zero`: attributes that were. `closed`: a meter
    tells all attributes that there are; else others are new. `all_states`: there are no others than `states`."""

    resource_type: str
    attributes: Mapping[str, str]
    states: frozenset[str]
    below_zero: frozenset[str]
    closed: bool
    all_states: bool

    def check_state(self, state: str, told_of_others: Callable[[], Iterable[str]]) -> None:
        """`told_of_others`: states of other resources of the type. Raises InvalidMessage."""
        if state in self.states:
            return
        states = self.states if self.all_states else {*self.states, *told_of_others()}
        if state not in states:
            known = ", ".join(sorted(states))
            raise InvalidMessage(
                f"state: {state[:80]!r} is none of the type {self.resource_type}", hint=f"known: {known}"
            )

    def fitted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes as messages tell them: a number where there were numbers, a text where there were texts. Raises
        InvalidMessage."""
        return {name: self._fitted(name, value) for name, value in given.items()}

    def _fitted(self, name: str, value: Any) -> Any:
        kind = self.attributes.get(name)
        if value is None or (kind is None and not self.closed):
            return value
        if kind is None:
            known = ", ".join(sorted(self.attributes)) or "none"
            raise InvalidMessage(
                f"attributes.{name}: the type {self.resource_type} has no such one", hint=f"known: {known}"
            )
        if kind == "whole" and name in self.below_zero and _is_whole(value):
            return value
        try:
            found = _CONVERTED[kind](value)
        except InvalidMessage:
            found = None
        if found is None:
            raise InvalidMessage(f"attributes.{name}: {str(value)[:80]!r} {_WRONG[kind]}")
        return found


def vocabulary(resource_type: str, meter: MeterFile | None, used: Iterable[Segment]) -> Vocabulary:
    """Of resources of this type; `used` is what is known of the one that is meant."""
    told = list(used)
    attributes = {name: _kind_of(value) for one in told for name, value in one.attributes.items()}
    attributes |= ATTRIBUTES_BY_CODE.get(resource_type, {})
    states = {one.state for one in told} | set(STATES_BY_CODE.get(resource_type, ()))
    states.add(default_state(resource_type))
    if meter is not None:
        attributes |= _attributes_in(meter)
        states |= _states_in(meter)
    below_zero = {name for one in told for name, value in one.attributes.items() if _is_whole(value) and value < 0}
    return Vocabulary(
        resource_type,
        attributes,
        frozenset(states),
        frozenset(below_zero),
        closed=meter is not None,
        all_states=resource_type in STATES_BY_CODE,
    )


def _attributes_in(meter: MeterFile) -> dict[str, str]:
    told = [*meter.attributes.items(), *(item for event in meter.events for item in event.attributes.items())]
    found = {}
    for name, one in told:
        about = attribute_of(one)
        found[name] = about.type if about.constant is None else _kind_of(about.constant)
    return found


def _states_in(meter: MeterFile) -> set[str]:
    mapped = set() if meter.state is None else set(meter.state.map.values())
    return mapped | {event.state for event in meter.events if event.state is not None}


def _kind_of(value: Any) -> str:
    return "flag" if isinstance(value, bool) else "whole" if isinstance(value, int) else "text"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> str | None:
    """Of a number its digits: ids are often nothing else."""
    return str(value) if _is_whole(value) else value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return whole_of(value, "")


def _decimal(value: Any) -> str | None:
    found = number_of(value, "")
    return None if found is None else str(found)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _FLAGS.get(value) if isinstance(value, str) else None


_CONVERTED = {"text": _text, "whole": _whole, "decimal": _decimal, "flag": _flag}

_WRONG = {
    "text": "is no text",
    "whole": "is no whole number of zero or more",
    "decimal": "is no number of zero or more",
    "flag": "is neither true nor false",
}
