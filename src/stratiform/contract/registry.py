"""Registry of connectors. A package in `stratiform.connectors` is a connector; its files are its capabilities."""

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from stratiform.contract.connector import Connector, Setting
from stratiform.contract.routing import RoutingObject
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.errors import Invalid

_PACKAGE = "stratiform.connectors"

#: The capabilities that a connector may have: the file of this name in its package implements it.
CAPABILITIES = (
    "compute",
    "network",
    "routing",
    "volume",
    "snapshot",
    "adoption",
    "image",
    "server_types",
    "objectstore",
    "usage",
    "pricing",
)


@dataclass(frozen=True, slots=True)
class ConnectorDescription:
    """A kind of cloud: summary, settings and capabilities of its connector."""

    kind: str
    summary: str
    settings: Sequence[Setting]
    capabilities: tuple[str, ...]


def list_cloud_kinds() -> list[str]:
    """Return the kinds of cloud for which there is a connector, sorted."""
    paths = import_module(_PACKAGE).__path__
    return sorted(entry.name for entry in pkgutil.iter_modules(paths) if entry.ispkg)


def get_connector(kind: str) -> Connector:
    """Return the connector for `kind`, importing it (and its SDK) on first use. Raises: Invalid for unknown kinds."""
    if kind not in list_cloud_kinds():
        raise Invalid(f"unknown kind of cloud: '{kind}'", hint=f"kinds: {', '.join(list_cloud_kinds())}")
    return cast("Connector", import_module(f"{_PACKAGE}.{kind}.connector").connector)


def has_capability(kind: str, capability: str) -> bool:
    """Return True if the connector for `kind` has a file for `capability`."""
    return kind in list_cloud_kinds() and find_spec(f"{_PACKAGE}.{kind}.{capability}") is not None


def find_unsupported_reason(kind: str, operation: ServerOperation) -> str | None:
    """Return why clouds of this kind lack an operation on servers; None if they have it."""
    reasons: Mapping[ServerOperation, str] = getattr(get_connector(kind), "unsupported", {})
    return reasons.get(operation)


def find_routing_check(kind: str) -> Callable[[RoutingObject], None] | None:
    """Return the `check_routing` of a connector; None if clouds of this kind apply every routing object."""
    check: Callable[[RoutingObject], None] | None = getattr(get_connector(kind), "check_routing", None)
    return check


def assigns_floating_addresses(kind: str) -> bool:
    """Return True if clouds of this kind choose the addresses of floating IPs."""
    return bool(getattr(get_connector(kind), "assigns_floating_addresses", False))


def has_consistent_snapshots(kind: str) -> bool:
    """Return True if clouds of this kind can take snapshots of several volumes at one instant."""
    return bool(getattr(get_connector(kind), "consistent_snapshots", False))


def has_multiattach(kind: str) -> bool:
    """Return True if clouds of this kind can attach a volume to several servers."""
    return bool(getattr(get_connector(kind), "multiattach", False))


def has_reimage(kind: str) -> bool:
    """Return True if clouds of this kind can write an image to an existing volume."""
    return bool(getattr(get_connector(kind), "reimage", False))


def describe_connectors() -> list[ConnectorDescription]:
    """Describe the connectors of all kinds."""
    return [
        ConnectorDescription(
            kind=kind,
            summary=_summary(import_module(f"{_PACKAGE}.{kind}").__doc__ or ""),
            settings=tuple(get_connector(kind).settings),
            capabilities=tuple(name for name in CAPABILITIES if has_capability(kind, name)),
        )
        for kind in list_cloud_kinds()
    ]


def _summary(docstring: str) -> str:
    """Return the first paragraph of a package's docstring on one line."""
    return " ".join(docstring.split("\n\n")[0].split()).removeprefix("Owns: ").split(" Does not own:")[0]
