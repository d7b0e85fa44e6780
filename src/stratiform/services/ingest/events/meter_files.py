"""The form of a meter file: what is metered, and where in which messages it is told.

The page for whoever writes one is `docs/howto/add-a-meter.md`. Unknown keys are refused.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from stratiform.kit.errors import Invalid
from stratiform.services.ingest.events.paths import keys_of

T = TypeVar("T")

#: How a message is read: as told in the file, or by code of ours that knows a service's quirks.
Rule = Literal[
    "start", "update", "stop", "sample", "ignore", "nova", "nova-versioned", "cinder", "volume-type"
]  # fmt: skip
TOLD_IN_FILE = ("start", "update", "stop", "sample")

#: One path, or several of which the first counts that leads to something.
Paths = str | list[str]

_Line = Annotated[str, Meta(min_length=1, max_length=200)]
_State = Annotated[str, Meta(min_length=1, max_length=32)]
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SAMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Parent(_Table, frozen=True):
    """The resource with which this one ends."""

    type: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    id: Paths


class Identity(_Table, frozen=True):
    """Whose and what it is."""

    id: Paths
    project: Paths = ""
    name: Paths = ""
    tags: Paths = ""
    parent: Parent | None = None
    source: Paths = ""  # which of several counters of the resource a sample was read from


class Overrides(_Table, frozen=True):
    """What one kind of messages tells elsewhere."""

    id: Paths = ""
    project: Paths = ""
    name: Paths = ""
    tags: Paths = ""
    parent: Parent | None = None
    source: Paths = ""


class When(_Table, frozen=True):
    """A condition: the value at `path` is one of `one_of` and none of `none_of` (a text, number, or true or false)."""

    path: Paths
    one_of: list[Any] = []
    none_of: list[Any] = []


class Attribute(_Table, frozen=True):
    """What a price may go by. It is told at `path`, is always `constant`, or is the resource's label `tag`."""

    path: Paths = ""
    type: Literal["text", "whole", "decimal", "flag"] = "text"
    constant: str | int | bool | None = None
    tag: str = ""
    null: bool = False  # a null is an answer: it takes the attribute away
    when: When | None = None


class State(_Table, frozen=True):
    """`map`: a state of theirs → one of ours; one that ends with `*` stands for all that begin so. A state that isn't
    in it leaves open what it is."""

    path: Paths
    map: dict[str, _State]


class Sample(_Table, frozen=True):
    """A meter of the resource. `hold`: for so many seconds a gauge's value holds where no other follows. `poll`: what
    a connector is asked, by its kind."""

    kind: Literal["delta", "cumulative", "gauge"]
    unit: Annotated[str, Meta(min_length=1, max_length=32)]
    title: str = ""
    value: Paths = ""
    constant: int | None = None
    hold: Annotated[int, Meta(ge=1)] = 3600
    poll: dict[str, dict[str, Any]] = {}


class Told(_Table, frozen=True):
    """One kind of messages, and what they say."""

    type: str | list[str]
    rule: Rule
    at: Paths = ""
    each: str = ""
    when: When | None = None
    state: _State | None = None
    identity: Overrides = Overrides()
    attributes: dict[str, str | Attribute] = {}
    samples: list[str] = []
    sample: Paths = ""  # where the name of the one sample stands that is told
    why: str = ""

    @property
    def types(self) -> list[str]:
        return [self.type] if isinstance(self.type, str) else self.type


class MeterFile(_Table, frozen=True):
    """All of a meter. `name` is the type of the resources in the ledger."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    title: _Line
    unit: _Line
    source: _Line
    about: str = ""
    root: Paths = ""
    launched: Paths = ""
    ended: Paths = ""
    identity: Identity | None = None
    attributes: dict[str, str | Attribute] = {}
    state: State | None = None
    events: list[Told] = []
    samples: dict[str, Sample] = {}


class Nothing(_Table, frozen=True):
    """Messages that deliberately change no use, and why."""

    type: str | list[str]
    why: _Line

    @property
    def types(self) -> list[str]:
        return [self.type] if isinstance(self.type, str) else self.type


class NothingFile(_Table, frozen=True):
    """`nothing.toml`."""

    nothing: list[Nothing]


def read_meter(text: str, where: str) -> MeterFile:
    """The meter in `text`, from the file `where`. Raises Invalid, in one line with file and key."""
    meter = _converted(text, where, MeterFile)
    for key, wrong in _mistakes(meter):
        raise Invalid(f"{where}: {key}: {wrong}")
    return meter


def read_nothing(text: str, where: str) -> list[Nothing]:
    """Raises Invalid, as `read_meter`."""
    return _converted(text, where, NothingFile).nothing


def file_text(path: Path) -> str:
    """Raises Invalid where it can't be read."""
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: it is no text in UTF-8") from error
    except OSError as error:
        raise Invalid(f"can't read {path}: {error.strerror}") from error


def listed(paths: Paths) -> list[str]:
    """All paths of a key; none where it is empty."""
    return ([paths] if paths else []) if isinstance(paths, str) else paths


def attribute_of(told: str | Attribute) -> Attribute:
    """A path alone is a text at it."""
    return Attribute(path=told) if isinstance(told, str) else told


def _converted(text: str, where: str, kind: type[T]) -> T:
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{where}: no TOML: {error}") from error
    wrong = _refused(held, kind)
    if wrong is None:
        return msgspec.convert(held, kind)
    raise Invalid(f"{where}: {_named(held, kind, wrong[0]) or 'the file'}: {_plain(wrong[1])}")


def _refused(held: Any, kind: type[Any]) -> tuple[str, str] | None:
    """The key, as msgspec writes it, and what is wrong there."""
    try:
        msgspec.convert(held, kind)
    except msgspec.ValidationError as error:
        wrong, _, key = str(error).partition(" - at `$")
        return key.rstrip("`").lstrip("."), wrong
    return None


def _named(held: dict[str, Any], kind: type[Any], key: str) -> str:
    """`key` with the name for which msgspec writes `[...]`: that with which alone it is still wrong."""
    table, found, rest = key.partition("[...]")
    if not found or "[" in table:
        return key
    *way, last = table.split(".")
    for name in _at(held, [*way, last]):
        alone = dict(held)
        inner = alone
        for step in way:
            inner[step] = dict(inner[step])
            inner = inner[step]
        inner[last] = {name: inner[last][name]}
        if (wrong := _refused(alone, kind)) is not None and wrong[0] == key:
            return f"{table}.{name}{rest}"
    return key


def _at(held: dict[str, Any], way: list[str]) -> dict[str, Any]:
    for step in way:
        held = held[step]
    return held


def _plain(wrong: str) -> str:
    return wrong.replace("Object contains unknown field", "unknown key").replace(
        "Object missing required field", "this key is missing:"
    )


def _mistakes(meter: MeterFile) -> Iterator[tuple[str, str]]:
    """What the types can't say: key, and what is wrong there."""
    read_here = [told for told in meter.events if told.rule in TOLD_IN_FILE]
    if read_here and meter.identity is None:
        yield "identity", "this table is missing: where the id of the resource is told"
    yield from _wrong_paths("", meter)
    yield from _wrong_attributes("attributes", meter.attributes)
    for name, sample in meter.samples.items():
        yield from _wrong_sample(f"samples.{name}", name, sample)
    for number, told in enumerate(meter.events):
        yield from _wrong_told(f"events[{number}]", told, meter)


def _wrong_told(key: str, told: Told, meter: MeterFile) -> Iterator[tuple[str, str]]:
    for one in told.types or [""]:
        if not one or "*" in one.rstrip("*") or one.count("*") > 1:
            yield f"{key}.type", f"'{one}' is no type of events: * may stand at the end alone"
    for name in told.samples:
        if name not in meter.samples:
            yield f"{key}.samples", f"there is no [samples.{name}]"
    if told.rule == "sample" and not told.samples and not told.sample:
        yield key, "rule 'sample' needs `samples` (their names), or `sample` (the path of the name)"
    if told.when and not (told.when.one_of or told.when.none_of):
        yield f"{key}.when", "it needs `one_of` or `none_of`"
    yield from _wrong_attributes(f"{key}.attributes", told.attributes)


def _wrong_attributes(key: str, attributes: dict[str, str | Attribute]) -> Iterator[tuple[str, str]]:
    for name, told in attributes.items():
        one = attribute_of(told)
        if not _ATTRIBUTE.fullmatch(name):
            yield f"{key}.{name}", "an attribute's name has small letters, digits and _"
        if isinstance(told, str):
            yield from _wrong_path(f"{key}.{name}", told)
        if sum((bool(one.path), one.constant is not None, bool(one.tag))) != 1:
            yield f"{key}.{name}", "it needs one of `path`, `constant` and `tag`"


def _wrong_sample(key: str, name: str, sample: Sample) -> Iterator[tuple[str, str]]:
    if not _SAMPLE.fullmatch(name):
        yield key, "a sample's name has at most 64 letters, digits, and . _ : -"
    if sample.value and sample.constant is not None:
        yield key, "it needs `value` or `constant`, not both"


#: Keys that hold paths.
_PATHS = ("path", "root", "launched", "ended", "id", "project", "name", "tags", "source", "at", "each", "value")


def _wrong_paths(key: str, held: Any) -> Iterator[tuple[str, str]]:
    """Every path of the file, however deep it stands."""
    if isinstance(held, list):
        for number, one in enumerate(held):
            yield from _wrong_paths(f"{key}[{number}]", one)
    elif isinstance(held, dict):
        for name, one in held.items():
            yield from _wrong_paths(f"{key}.{name}", one)
    elif isinstance(held, msgspec.Struct):
        for name in held.__struct_fields__:
            value, place = getattr(held, name), f"{key}.{name}".lstrip(".")
            if name in _paths_in(held):
                yield from _wrong_path(place, value)
            else:
                yield from _wrong_paths(place, value)


def _paths_in(held: msgspec.Struct) -> tuple[str, ...]:
    if isinstance(held, MeterFile):
        return ("root", "launched", "ended")
    if isinstance(held, Told):
        return ("at", "each", "sample")
    return _PATHS


def _wrong_path(key: str, paths: Any) -> Iterator[tuple[str, str]]:
    for path in listed(paths):
        try:
            keys_of(path.removeprefix("/"))
        except ValueError as error:
            yield key, str(error)
