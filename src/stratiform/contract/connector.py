"""A connector: one kind of cloud; and a connected cloud: one account of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stratiform.contract.compute import Compute
from stratiform.contract.image import Images
from stratiform.contract.network import Networks
from stratiform.contract.usage import Usage
from stratiform.contract.volume import Volumes
from stratiform.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a connector must be told. A secret is asked from prompt, file or environment, never argv."""

    name: str
    help: str
    secret: bool = False
    required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True)
class CloudAccount:
    """One account or installation, as its connector gets it: settings with the secrets in clear."""

    id: str
    name: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Installation:
    """This installation: where it keeps its files, its clock, and its id, which every tag in a cloud carries
    beside our token, so that two installations on one account leave each other's things alone."""

    installation: str
    home: Path
    clock: Clock


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What a check of the credentials found."""

    identity: str  # who we are there: an ARN, a user name
    zones: tuple[str, ...]


class CloudConnection(Protocol):
    """One cloud, ready to be used. A capability that its kind lacks is None. Thread-safe."""

    compute: Compute | None
    volume: Volumes | None
    network: Networks | None
    image: Images | None
    usage: Usage | None

    def check(self) -> AccountInfo:
        """Ask the cloud who we are. Raises CredentialsRejected, CloudUnreachable."""


class Connector(Protocol):
    """One kind of cloud; a module-level object named `connector` in `connectors/<kind>/connector.py`."""

    kind: str
    settings: Sequence[Setting]

    def connect(self, account: CloudAccount, place: Installation) -> CloudConnection:
        """Asks the cloud nothing yet. Raises Invalid where a setting is missing or wrong."""
