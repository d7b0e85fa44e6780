"""Finds connectors by kind. A folder under `connectors/` is all it takes to be found."""

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from stratiform.contract.connector import Connector
from stratiform.kit.errors import Invalid

_PACKAGE = "stratiform.connectors"


def kinds() -> list[str]:
    """Every kind of cloud that can be connected."""
    folders = import_module(_PACKAGE).__path__
    return sorted(entry.name for entry in pkgutil.iter_modules(folders) if entry.ispkg)


def connector(kind: str) -> Connector:
    """The connector for `kind`; imported only now, so that an unused SDK costs nothing. Raises Invalid."""
    if kind not in kinds():
        raise Invalid(f"unknown kind of cloud: {kind}", hint=f"known: {', '.join(kinds())}")
    return cast("Connector", import_module(f"{_PACKAGE}.{kind}.connector").connector)


def offers(kind: str, capability: str) -> bool:
    """Whether connectors of `kind` have `capability` (`volume`): a missing file is a missing capability."""
    return kind in kinds() and find_spec(f"{_PACKAGE}.{kind}.{capability}") is not None
