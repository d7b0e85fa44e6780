"""Generation of identifiers, injected so that tests have predictable ones."""

import uuid
from typing import Protocol


class Ids(Protocol):
    """A generator of unique identifiers."""

    def uuid(self) -> str:
        """Return an identifier in the form of Nova, Neutron, Cinder and Glance: `8-4-4-4-12` hexadecimal digits."""

    def hex(self) -> str:
        """Return an identifier in the form of Keystone: 32 hexadecimal digits."""


class RandomIds:
    """Random (version 4) UUIDs."""

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def hex(self) -> str:
        return uuid.uuid4().hex


class SequentialIds:
    """Identifiers with the values 1, 2, 3, …, for tests."""

    def __init__(self) -> None:
        self._last = 0

    def uuid(self) -> str:
        return str(uuid.UUID(self.hex()))

    def hex(self) -> str:
        self._last += 1
        return f"{self._last:032x}"
