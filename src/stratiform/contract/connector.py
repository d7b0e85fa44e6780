"""Connectors, the settings that they declare, and connections to clouds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver
from stratiform.kit.clock import Clock
from stratiform.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a connector.

    The value of a secret is read from a prompt, a file or the environment, never from the command line, and is stored
    encrypted. `choices` lists the valid values; any value is valid if it is empty.
    """

    name: str
    help: str
    secret: bool = False
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


def validate_settings(kind: str, declared: Sequence[Setting], values: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every declared setting; empty values are replaced by defaults.

    Raises: Invalid if a setting is unknown, missing, or not one of its choices.
    """
    names = [setting.name for setting in declared]
    for name in values:
        if name not in names:
            raise Invalid(f"unknown setting '{name}' for {kind}", hint=f"settings: {', '.join(names)}")
    complete = {setting.name: values.get(setting.name) or setting.default for setting in declared}
    for setting in declared:
        value = complete[setting.name]
        if setting.required and not value:
            raise Invalid(f"setting '{setting.name}' is missing for {kind}", hint=setting.help)
        if setting.choices and value not in setting.choices:
            raise Invalid(f"setting '{setting.name}' must be one of {', '.join(setting.choices)}: '{value}'")
    return complete


@dataclass(frozen=True, slots=True)
class CloudAccount:
    """One account of a cloud: our id and name of the cloud, and its settings with secrets in clear text."""

    id: str
    name: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Installation:
    """This installation of Stratiform: its id, its data directory, its clock.

    Resources in a cloud are tagged with the id, so that two installations can use one account.
    """

    id: str
    home: Path
    clock: Clock


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What a cloud reports for our credentials: the identity, and the names of its availability zones."""

    identity: str  # an ARN, a user name
    zones: tuple[str, ...]


class CloudConnection(Protocol):
    """A connection to one cloud, with one attribute per capability; None if the connector lacks it. Thread-safe.

    An attribute `server_types` is an ServerTypeDriver, if the connector has one.
    """

    compute: ComputeDriver | None
    volume: VolumeDriver | None
    snapshot: SnapshotDriver | None
    adoption: AdoptionDriver | None
    network: NetworkDriver | None
    routing: RoutingDriver | None
    image: ImageDriver | None
    usage: UsageDriver | None

    def check_credentials(self) -> AccountInfo:
        """Return who we are in this cloud.

        Raises: CredentialsRejected, CloudUnreachable, Invalid (a setting does not fit the account).
        """


class Connector(Protocol):
    """A kind of cloud: the module-level object `connector` of `connectors/<kind>/connector.py`.

    An attribute `unsupported` maps the `ServerOperation`s that this kind of cloud lacks to the reason. A function
    `check_routing` raises RequestRejected or NotSupported for a `RoutingObject` that this kind of cloud cannot apply,
    without sending a request. `assigns_floating_addresses`: the cloud chooses the addresses of floating IPs.
    An attribute `multiattach` is True if `VolumeSpec.multiattach` is supported.
    An attribute `reimage` is True if the VolumeDriver is a `ReimageDriver`.
    An attribute `consistent_snapshots` is True if `SnapshotDriver.create_consistent` is supported.
    """

    kind: str
    settings: Sequence[Setting]

    def connect(self, account: CloudAccount, installation: Installation) -> CloudConnection:
        """Return a connection without sending a request. Raises: Invalid if a setting is missing or wrong."""
