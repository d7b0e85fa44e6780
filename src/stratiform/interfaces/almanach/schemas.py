"""Bodies and periods as Almanach takes them: which key is missed first, and what is said of one that is wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from stratiform.interfaces.almanach.errors import BadDate, BadFields, BadPayload, MissingKey
from stratiform.interfaces.services import NOT_JSON, Request
from stratiform.kit.clock import Micros, from_datetime, parse_iso

Document = dict[str, Any]

_PERIOD = "%Y-%m-%d %H:%M:%S.%f"
_EXACT = "%Y-%m-%dT%H:%M:%S.%fZ"

#: Dates in bodies: what the ledger can hold. Years 1970 to 9998.
_FIRST, _LAST = 0, 253_370_764_800_000_000

_LARGEST_SIZE = 2**31 - 1
_DIGITS = 11

#: What an image says of itself: Almanach's key → the ledger's attribute.
SYSTEM = {"distro": "os_distro", "version": "os_version", "os_type": "os_type"}


@dataclass(frozen=True, slots=True)
class NewInstance:
    """Body of POST /project/ID/instance."""

    id: str
    at: Micros
    name: str
    flavor: str
    system: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class NewVolume:
    """Body of POST /project/ID/volume; `size` in GiB."""

    id: str
    at: Micros
    type_id: str | None
    size: int
    name: str
    attached_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """Body of PUT /entity/instance/ID; None leaves a thing as it is."""

    name: str | None = None
    flavor: str | None = None
    system: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    start: Micros | None = None
    end: Micros | None = None


def new_instance(body: bytes) -> NewInstance:
    keys = ("id", "created_at", "name", "flavor", "os_distro", "os_version", "os_type")
    entity_id, created_at, name, flavor, *system = _values(body, *keys)
    return NewInstance(_word(entity_id), _date(created_at), _text(name), _word(flavor), _system(system))


def new_volume(body: bytes) -> NewVolume:
    keys = ("volume_id", "start", "volume_type", "size", "volume_name", "attached_to")
    entity_id, start, type_id, size, name, attached_to = _values(body, *keys)
    return NewVolume(
        id=_word(entity_id),
        at=_date(start),
        type_id=None if type_id is None else _text(type_id),
        size=_size(size),
        name=_text(name),
        attached_to=_ids(attached_to),
    )


def date_value(body: bytes) -> Any:
    """The `date` of a deletion, unread: an instance's is read only where there is such an instance."""
    return _values(body, "date")[0]


def date_of(value: Any) -> Micros:
    """Raises BadDate."""
    return _date(value)


def new_flavor(body: bytes) -> tuple[Micros, str]:
    date, flavor = _values(body, "date", "flavor")
    return _date(date), _word(flavor)


def new_system(body: bytes) -> tuple[Micros, dict[str, str | None]]:
    date, *system = _values(body, "rebuild_date", "distro", "version", "os_type")
    return _date(date), _system(system)


def new_size(body: bytes) -> tuple[Micros, int]:
    size, date = _values(body, "size", "date")
    return _date(date), _size(size)


def new_attachments(body: bytes) -> tuple[Micros, tuple[str, ...]]:
    date, attachments = _values(body, "date", "attachments")
    return _date(date), _ids(attachments)


def new_volume_type(body: bytes) -> tuple[str, str]:
    type_id, name = _values(body, "type_id", "type_name")
    return _word(type_id), _word(name)


def period(request: Request, now: Micros) -> tuple[Micros, Micros]:
    """`start` and `end` of the query; `end` is now, unless told. Raises MissingKey, BadPayload."""
    asked = request.query_params
    if "start" not in asked:
        raise MissingKey("start")
    return _strict(asked["start"], _PERIOD), _strict(asked["end"], _PERIOD) if "end" in asked else now


def update(body: bytes, *, exact: bool) -> Update:
    """`exact`: as for an entity that is in use, where dates have one form and unknown keys are refused.

    `start` and `end` are other names of the dates, as the documentation's example has them.
    Raises BadFields, BadPayload, BadDate.
    """
    document = _document(body)
    for name in ("start", "end"):
        if name in document:
            document.setdefault(f"{name}_date", document.pop(name))
    if "instance_id" in document:
        raise BadPayload
    wrong = _wrong(document, exact=exact)
    if wrong:
        raise BadFields(wrong)
    system = document.get("os") or None
    return Update(
        name=document.get("name") or None,
        flavor=document.get("flavor") or None,
        system=None if system is None else {attribute: system[key] for key, attribute in SYSTEM.items()},
        metadata=document.get("metadata") or None,
        start=_date(document["start_date"]) if document.get("start_date") else None,
        end=_date(document["end_date"]) if document.get("end_date") else None,
    )


def _wrong(document: Document, *, exact: bool) -> dict[str, str]:
    """What is wrong with each key of an update, in the words of the library that Almanach checks it by."""
    found = {}
    for name, value in document.items():
        if name in ("name", "flavor"):
            reason = "" if isinstance(value, str) else "expected str"
        elif name == "os":
            reason = _wrong_system(value)
        elif name == "metadata":
            reason = _wrong_metadata(value)
        elif name in ("start_date", "end_date"):
            reason = _wrong_date(value) if exact else ""
        else:
            reason = "extra keys not allowed" if exact else ""
        if reason:
            found[name] = reason
    return found


def _wrong_system(value: Any) -> str:
    if not isinstance(value, dict):
        return "expected a dictionary"
    if value and value.keys() - SYSTEM.keys():
        return "extra keys not allowed"
    if value and SYSTEM.keys() - value.keys():
        return "required key not provided"
    return "" if all(isinstance(one, str) for one in value.values()) else "expected str"


def _wrong_metadata(value: Any) -> str:
    if not isinstance(value, dict):
        return "expected dict"
    return "" if all(name and isinstance(one, str) for name, one in value.items()) else "expected str"


def _wrong_date(value: Any) -> str:
    try:
        datetime.strptime(value, _EXACT)  # noqa: DTZ007 - Z stands for UTC
    except (TypeError, ValueError):
        return f"value does not match expected format {_EXACT}"
    return ""


def _document(body: bytes) -> Document:
    try:
        document = msgspec.json.decode(body)
    except NOT_JSON as error:
        raise BadPayload from error
    if not isinstance(document, dict):
        raise BadPayload
    return document


def _values(body: bytes, *keys: str) -> list[Any]:
    """The values of `keys`; the first that isn't there is missed."""
    document = _document(body)
    for key in keys:
        if key not in document:
            raise MissingKey(key)
    return [document[key] for key in keys]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadPayload
    return value


def _word(value: Any) -> str:
    """A text that isn't empty."""
    if not _text(value):
        raise BadPayload
    return str(value)


def _date(value: Any) -> Micros:
    """ISO 8601; without an offset it is UTC."""
    try:
        at = parse_iso(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadDate from error
    if not _FIRST <= at < _LAST:
        raise BadDate
    return at


def _strict(text: str, form: str) -> Micros:
    try:
        return from_datetime(datetime.strptime(text, form))  # noqa: DTZ007 - a period is in UTC
    except ValueError as error:
        raise BadPayload from error


def _size(value: Any) -> int:
    """GiB; the official command line sends them as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_SIZE:
        raise BadPayload
    return value


def _ids(value: Any) -> tuple[str, ...]:
    """Ids of machines; nothing, in whatever form, is none."""
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one and "," not in one for one in value):
        raise BadPayload
    return tuple(sorted(set(value)))


def _system(values: list[Any]) -> dict[str, str | None]:
    """Attributes of the ledger, from the values of distro, version and os_type; null is an answer."""
    if not all(value is None or isinstance(value, str) for value in values):
        raise BadPayload
    return {attribute: value or None for attribute, value in zip(SYSTEM.values(), values, strict=True)}
