"""Finds connectors by kind. A folder under `connectors/` is all it takes to be found."""

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from stratiform.contract.connector import Connector, Setting
from stratiform.kit.errors import Invalid

_PACKAGE = "stratiform.connectors"

#: What a connector may be able to do: the file of this name in its folder does it.
CAPABILITIES = ("compute", "network", "volume", "image", "objectstore", "usage")


@dataclass(frozen=True, slots=True)
class ConnectorDescription:
    """What is known of a kind of cloud before one is connected."""

    kind: str
    about: str
    settings: Sequence[Setting]
    capabilities: tuple[str, ...]


def list_kinds() -> list[str]:
    """Every kind of cloud that can be connected."""
    folders = import_module(_PACKAGE).__path__
    return sorted(entry.name for entry in pkgutil.iter_modules(folders) if entry.ispkg)


def get_connector(kind: str) -> Connector:
    """The connector for `kind`; imported only now, so that an unused SDK costs nothing. Raises Invalid."""
    if kind not in list_kinds():
        raise Invalid(f"unknown kind of cloud: {kind}", hint=f"known: {', '.join(list_kinds())}")
    return cast("Connector", import_module(f"{_PACKAGE}.{kind}.connector").connector)


def has_capability(kind: str, capability: str) -> bool:
    """Whether connectors of `kind` have `capability` (`volume`): a missing file is a missing capability."""
    return kind in list_kinds() and find_spec(f"{_PACKAGE}.{kind}.{capability}") is not None


def describe_kinds() -> list[ConnectorDescription]:
    """Every kind, with what it must be told and what it can do."""
    return [
        ConnectorDescription(
            kind=kind,
            about=_about(import_module(f"{_PACKAGE}.{kind}").__doc__ or ""),
            settings=tuple(get_connector(kind).settings),
            capabilities=tuple(name for name in CAPABILITIES if has_capability(kind, name)),
        )
        for kind in list_kinds()
    ]


def _about(doc: str) -> str:
    """What a package says that it owns, on one line."""
    return " ".join(doc.split()).removeprefix("Owns: ").split(" Does not own:")[0]
