"""A cloud account, what is bound to it, and what is named in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stratiform.contract.connector import Setting
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class NativeKind(StrEnum):
    """What can be told to be the same as something of a cloud's own."""

    IMAGE = "image"
    FLAVOR = "flavor"
    VOLUME_TYPE = "volume_type"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A connected account, without its secrets. `revision` grows with every change of its settings."""

    id: str
    name: str
    kind: str
    settings: dict[str, str]
    created_at: Micros
    updated_at: Micros
    revision: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A project is served by a cloud, under `zone`, the availability zone's name that customers see.

    `native_zone` is the cloud's own name for the place; "" lets the cloud choose.
    """

    project_id: str
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class Native:
    """Ours is the same as the cloud's own `native_id`."""

    cloud_id: str
    kind: str
    ours_id: str
    native_id: str


def check_name(name: str) -> None:
    """Raises Invalid. Names stand in events, in file names and on invoices."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' is no name for a cloud",
            hint="lower-case letters, digits and hyphens, at most 63, the first no hyphen",
        )


def check_settings(kind: str, known: Sequence[Setting], given: Mapping[str, str]) -> None:
    """Raises Invalid, naming the key, for what the connector does not know or needs and was not given."""
    names = [setting.name for setting in known]
    for name in given:
        if name not in names:
            raise Invalid(f"unknown setting '{name}' for {kind}", hint=f"known: {', '.join(names)}")
    for setting in known:
        if setting.required and not setting.default and not given.get(setting.name):
            raise Invalid(f"setting '{setting.name}' is missing for {kind}", hint=setting.help)


def split(known: Sequence[Setting], given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What may be shown, and the secrets."""
    hidden = {setting.name for setting in known if setting.secret}
    shown = {name: value for name, value in given.items() if name not in hidden}
    return shown, {name: value for name, value in given.items() if name in hidden}


def complete(known: Sequence[Setting], given: Mapping[str, str]) -> dict[str, str]:
    """`given` with the defaults of what was not given."""
    defaults = {setting.name: setting.default for setting in known if setting.default}
    return {**defaults, **given}
