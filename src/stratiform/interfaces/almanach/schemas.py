"""Bodies and query parameters of requests, validated in the order and with the messages of Almanach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from stratiform.interfaces.almanach.errors import InvalidDate, InvalidFields, InvalidPayload, MissingParameter
from stratiform.interfaces.http import Request
from stratiform.kit.clock import Micros, from_datetime, parse_iso
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.number_parsing import parse_uint

Document = dict[str, Any]

_PERIOD_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"

#: Range of dates in bodies: years 1970 to 9998, which the ledger can store.
_MIN_DATE_US, _MAX_DATE_US = 0, 253_370_764_800_000_000

_MAX_SIZE_GIB = 2**31 - 1
_MAX_SIZE_DIGITS = 10

#: Keys of an operating system, and the ledger's attributes for them.
OS_ATTRIBUTES = {"distro": "os_distro", "version": "os_version", "os_type": "os_type"}

#: The ledger's attribute for the size of a volume as the client sent it, if that was a string.
SIZE_TEXT_ATTRIBUTE = "size_text"


@dataclass(frozen=True, slots=True)
class NewInstance:
    """Body of POST /project/ID/instance."""

    id: str
    at: Micros
    name: str
    flavor: str
    os_attributes: dict[str, str | None]


class VolumeSize(NamedTuple):
    """A size in GiB, with the string in which the client sent it; "" if it sent a number."""

    gib: int
    text: str


@dataclass(frozen=True, slots=True)
class NewVolume:
    """Body of POST /project/ID/volume."""

    id: str
    at: Micros
    type_id: str | None
    size: VolumeSize
    name: str
    attached_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstanceUpdate:
    """Body of PUT /entity/instance/ID; None leaves a field unchanged."""

    name: str | None = None
    flavor: str | None = None
    os_attributes: dict[str, str | None] | None = None
    metadata: dict[str, str] | None = None
    start: Micros | None = None
    end: Micros | None = None


def parse_instance(body: bytes) -> NewInstance:
    """Raises MissingParameter, InvalidDate, InvalidPayload."""
    keys = ("id", "created_at", "name", "flavor", "os_distro", "os_version", "os_type")
    entity_id, created_at, name, flavor, *os_values = _get_values(body, *keys)
    return NewInstance(
        id=_parse_nonempty(entity_id),
        at=parse_date(created_at),
        name=_parse_string(name),
        flavor=_parse_nonempty(flavor),
        os_attributes=_parse_os_attributes(os_values),
    )


def parse_volume(body: bytes) -> NewVolume:
    """Raises MissingParameter, InvalidDate, InvalidPayload."""
    keys = ("volume_id", "start", "volume_type", "size", "volume_name", "attached_to")
    entity_id, start, type_id, size, name, attached_to = _get_values(body, *keys)
    return NewVolume(
        id=_parse_nonempty(entity_id),
        at=parse_date(start),
        type_id=None if type_id is None else _parse_string(type_id),
        size=_parse_size(size),
        name=_parse_string(name),
        attached_to=_parse_instance_ids(attached_to),
    )


def get_date(body: bytes) -> object:
    """Return the value of `date` for `parse_date`. Raises MissingParameter, InvalidPayload."""
    return _get_values(body, "date")[0]


def parse_instance_resize(body: bytes) -> tuple[Micros, str]:
    """Return the date and the flavor. Raises MissingParameter, InvalidDate, InvalidPayload."""
    date, flavor = _get_values(body, "date", "flavor")
    return parse_date(date), _parse_nonempty(flavor)


def parse_instance_rebuild(body: bytes) -> tuple[Micros, dict[str, str | None]]:
    """Return the date and the attributes of the operating system.

    Raises: MissingParameter, InvalidDate, InvalidPayload.
    """
    date, *os_values = _get_values(body, "rebuild_date", "distro", "version", "os_type")
    return parse_date(date), _parse_os_attributes(os_values)


def parse_volume_resize(body: bytes) -> tuple[Micros, VolumeSize]:
    """Return the date and the size. Raises MissingParameter, InvalidDate, InvalidPayload."""
    size, date = _get_values(body, "size", "date")
    return parse_date(date), _parse_size(size)


def parse_attachments(body: bytes) -> tuple[Micros, tuple[str, ...]]:
    """Return the date and the ids of instances. Raises MissingParameter, InvalidDate, InvalidPayload."""
    date, attachments = _get_values(body, "date", "attachments")
    return parse_date(date), _parse_instance_ids(attachments)


def parse_volume_type(body: bytes) -> tuple[str, str]:
    """Return the id and the name. Raises MissingParameter, InvalidPayload."""
    type_id, name = _get_values(body, "type_id", "type_name")
    return _parse_nonempty(type_id), _parse_nonempty(name)


def parse_period(request: Request, now: Micros) -> tuple[Micros, Micros]:
    """Return `start` and `end` of the query; `end` defaults to `now`. Raises MissingParameter, InvalidPayload."""
    params = request.query_params
    if "start" not in params:
        raise MissingParameter("start")
    return _parse_period_date(params["start"]), _parse_period_date(params["end"]) if "end" in params else now


def parse_instance_update(body: bytes, *, strict: bool) -> InstanceUpdate:
    """Parse an update; with `strict`, as for an active entity, dates have one format and unknown keys are errors.

    `start` and `end` are accepted for `start_date` and `end_date`, as in the example of Almanach's documentation.
    Raises: InvalidFields, InvalidPayload, InvalidDate.
    """
    document = _parse_document(body)
    for name in ("start", "end"):
        if name in document:
            document.setdefault(f"{name}_date", document.pop(name))
    if "instance_id" in document:
        raise InvalidPayload
    problems = _validate_update(document, strict=strict)
    if problems:
        raise InvalidFields(problems)
    os_values = document.get("os") or None
    return InstanceUpdate(
        name=document.get("name") or None,
        flavor=document.get("flavor") or None,
        os_attributes=os_values and {attribute: os_values[key] for key, attribute in OS_ATTRIBUTES.items()},
        metadata=document.get("metadata") or None,
        start=parse_date(document["start_date"]) if document.get("start_date") else None,
        end=parse_date(document["end_date"]) if document.get("end_date") else None,
    )


def parse_date(value: object) -> Micros:
    """Parse an ISO 8601 date of a body; without an offset it is in UTC. Raises InvalidDate."""
    if not isinstance(value, str):
        raise InvalidDate
    try:
        at = parse_iso(value)
    except (ValueError, OverflowError) as error:
        raise InvalidDate from error
    if not _MIN_DATE_US <= at < _MAX_DATE_US:
        raise InvalidDate
    return at


def _validate_update(document: Document, *, strict: bool) -> dict[str, str]:
    """Return the problem with each invalid key, in the words of voluptuous, which Almanach uses."""
    problems = {}
    for name, value in document.items():
        if name in ("name", "flavor"):
            problem = "" if isinstance(value, str) else "expected str"
        elif name == "os":
            problem = _validate_os(value)
        elif name == "metadata":
            problem = _validate_metadata(value)
        elif name in ("start_date", "end_date"):
            problem = _validate_date(value) if strict else ""
        else:
            problem = "extra keys not allowed" if strict else ""
        if problem:
            problems[name] = problem
    return problems


def _validate_os(value: object) -> str:
    if not isinstance(value, dict):
        return "expected a dictionary"
    if value and value.keys() - OS_ATTRIBUTES.keys():
        return "extra keys not allowed"
    if value and OS_ATTRIBUTES.keys() - value.keys():
        return "required key not provided"
    return "" if all(isinstance(item, str) for item in value.values()) else "expected str"


def _validate_metadata(value: object) -> str:
    if not isinstance(value, dict):
        return "expected dict"
    return "" if all(name and isinstance(item, str) for name, item in value.items()) else "expected str"


def _validate_date(value: object) -> str:
    try:
        datetime.strptime(str(value), _DATE_FORMAT)  # noqa: DTZ007 - Z stands for UTC
    except ValueError:
        return f"value does not match expected format {_DATE_FORMAT}"
    return ""


def _parse_document(body: bytes) -> Document:
    try:
        document = msgspec.json.decode(body)
    except NOT_JSON as error:
        raise InvalidPayload from error
    if not isinstance(document, dict):
        raise InvalidPayload
    return document


def _get_values(body: bytes, *keys: str) -> list[Any]:
    """Return the values of `keys`. Raises MissingParameter for the first key that is missing, InvalidPayload."""
    document = _parse_document(body)
    for key in keys:
        if key not in document:
            raise MissingParameter(key)
    return [document[key] for key in keys]


def _parse_string(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidPayload
    return value


def _parse_nonempty(value: object) -> str:
    if not value:
        raise InvalidPayload
    return _parse_string(value)


def _parse_period_date(text: str) -> Micros:
    if not text.isascii():  # strptime accepts the digits of every script
        raise InvalidPayload
    try:
        return from_datetime(datetime.strptime(text, _PERIOD_FORMAT))  # noqa: DTZ007 - a period is in UTC
    except ValueError as error:
        raise InvalidPayload from error


def _parse_size(value: object) -> VolumeSize:
    """Parse a size in GiB; Almanach's command line sends it as a string."""
    if isinstance(value, str):
        gib = parse_uint(value)
        if gib is None:
            raise InvalidPayload
        size = VolumeSize(gib, value)
    elif isinstance(value, int) and not isinstance(value, bool):
        size = VolumeSize(value, "")
    else:
        raise InvalidPayload
    if not 0 <= size.gib <= _MAX_SIZE_GIB:
        raise InvalidPayload
    return size


def _parse_instance_ids(value: object) -> tuple[str, ...]:
    """Parse a list of ids; null, "" and {} are empty lists."""
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) and item and "," not in item for item in value):
        raise InvalidPayload
    return tuple(dict.fromkeys(value))


def _parse_os_attributes(values: Sequence[object]) -> dict[str, str | None]:
    """Return the ledger's attributes for the values of distro, version and os_type, each of which may be null."""
    attributes = {}
    for attribute, value in zip(OS_ATTRIBUTES.values(), values, strict=True):
        attributes[attribute] = None if value is None else _parse_string(value) or None
    return attributes
