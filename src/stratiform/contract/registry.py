"""Finds connectors by kind. A folder under `connectors/` is all it takes to be found."""

import pkgutil
from importlib import import_module
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
