"""The manifest of a service: what the wiring, the worker, the schema and the documentation need to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy import Table

from stratiform.contract.connector import Installation
from stratiform.kit.clock import Clock
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.kit.signing_keys import SigningKeys
from stratiform.kit.work_queue import Handler
from stratiform.services.identity.model import SecurityCompliance
from stratiform.services.identity.model.backends import IdentityBackends

if TYPE_CHECKING:  # this module is below the image service
    from stratiform.services.image.model import StoreSettings

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Settings of the image service. `size_cap`: the size limit of an image in bytes; `quotas`: limits of projects.

    `reserve`: bytes of the disk that image data leaves free. `requires_format_match`: data whose format is not the
    declared one is rejected. `import_networks`: networks that are not public, from which images may be downloaded.
    `stores`: those beside the local one; `default_store`: the one that receives data unless a request names others.
    `show_image_direct_url`, `show_multiple_locations`: images contain the addresses of their data. `do_secure_hash`:
    data that a request registers is hashed.
    """

    size_cap: int = 2**40
    reserve: int = 0
    requires_format_match: bool = True
    import_networks: tuple[str, ...] = ()
    stores: "tuple[StoreSettings, ...]" = ()
    default_store: str = "local"
    show_image_direct_url: bool = False
    show_multiple_locations: bool = False
    do_secure_hash: bool = True
    quotas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceEnvironment:
    """What services are built from: the database, keys, and the settings that they use."""

    home: Path
    database: Database
    clock: Clock
    ids: Ids
    installation: Installation
    token_keys: KeyRepository
    secret_keys: KeyRepository
    ledger_keys: SigningKeys
    bcrypt_rounds: int
    password_regex: str
    password_regex_description: str
    security_compliance: SecurityCompliance
    admin_project_name: str
    identity_backends: IdentityBackends
    token_ttl_s: int
    image_settings: ImageSettings
    volume_quotas: Mapping[str, int]
    raw_messages_days: int
    publishes_notifications: bool
    reclaim_instance_interval_s: int
    enable_instance_password: bool
    compute_quotas: Mapping[str, int]
    novnc_url: str
    serial_console_url: str
    console_token_ttl_s: int
    dhcp_domain: str
    vendor_data: Mapping[str, object]


class ServiceRegistry:
    """The services that are built already, by class."""

    def __init__(self) -> None:
        self._services: dict[type[object], object] = {}

    def add(self, service: object) -> None:
        self._services[type(service)] = service

    def get(self, service_class: type[S]) -> S:
        """Raises KeyError for a service that comes later in the order of manifests."""
        return cast("S", self._services[service_class])


def _no_handlers(_registry: ServiceRegistry) -> Mapping[str, Handler]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceManifest:
    """One service. `recurring`: kinds of work that always exist. `event_types`: types of the events it appends."""

    name: str
    build: Callable[[ServiceEnvironment, ServiceRegistry], object]
    tables: tuple[Table, ...] = ()
    rules: tuple[Rule, ...] = ()
    handlers: Callable[[ServiceRegistry], Mapping[str, Handler]] = field(default=_no_handlers)
    recurring: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()


def list_declared_tables(module: ModuleType) -> tuple[Table, ...]:
    """Return every table that a module declares."""
    return tuple(value for value in vars(module).values() if isinstance(value, Table))
