"""Identifiers, passed in like the clock, so that tests know them beforehand."""

import uuid
from typing import Protocol


class Ids(Protocol):
    """A source of identifiers that are never given twice."""

    def uuid(self) -> str:
        """`8-4-4-4-12`, as Nova, Neutron, Cinder and Glance write them."""

    def hex(self) -> str:
        """32 digits, as Keystone writes them."""


class RandomIds:
    """Random (version 4) identifiers."""

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def hex(self) -> str:
        return uuid.uuid4().hex


class CountingIds:
    """1, 2, 3 … in the form of identifiers."""

    def __init__(self) -> None:
        self._last = 0

    def uuid(self) -> str:
        return str(uuid.UUID(self.hex()))

    def hex(self) -> str:
        self._last += 1
        return f"{self._last:032x}"
