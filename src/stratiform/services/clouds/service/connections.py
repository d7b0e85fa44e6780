"""Connections to clouds.

A request to a cloud may take minutes, so no transaction is open meanwhile. A route that checks something in a cloud
does so in steps: read in one `RequestContext`, send the request after its transaction has ended, write in another.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.contract.connector import CloudAccount, CloudConnection, Installation, validate_settings
from stratiform.contract.registry import get_connector
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.services.clouds import repository
from stratiform.services.clouds.errors import CloudNotFound
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service.account_settings import CloudAccountSettings


class ConnectionCache:
    """The connections of this process, each for one revision of the account's settings. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: dict[str, tuple[int, CloudConnection]] = {}

    def find(self, cloud: Cloud) -> CloudConnection | None:
        revision, connection = self._connections.get(cloud.id, (-1, None))
        return connection if revision == cloud.revision else None

    def add(self, cloud: Cloud, connection: CloudConnection) -> CloudConnection:
        """Return the connection to use: the first one that was added for this revision."""
        with self._lock:
            revision, cached = self._connections.get(cloud.id, (-1, connection))
            if revision == cloud.revision:
                return cached
            if revision < cloud.revision:
                self._connections[cloud.id] = (cloud.revision, connection)
            return connection


@dataclass(frozen=True, slots=True)
class Connections:
    """Opens connections to cloud accounts and keeps them for the process."""

    database: Database
    settings: CloudAccountSettings
    installation: Installation
    cache: ConnectionCache = field(default_factory=ConnectionCache)

    def get(self, cloud_id: str) -> CloudConnection:
        """Return the connection for the current settings of a cloud. Do not call it inside a transaction.

        Raises: CloudNotFound; Invalid if the secrets can't be decrypted.
        """
        with self.database.read_transaction() as db:
            cloud = get_cloud(db, cloud_id)
            cached = self.cache.find(cloud)
            if cached is not None:
                return cached
            settings = self.settings.load(db, cloud)
        return self.cache.add(cloud, self.open(cloud.kind, cloud.id, cloud.name, settings))

    def open(self, kind: str, cloud_id: str, name: str, settings: Mapping[str, str]) -> CloudConnection:
        """Return a new connection; no request is sent. Raises Invalid for a setting that the connector rejects."""
        connector = get_connector(kind)
        account = CloudAccount(cloud_id, name, validate_settings(kind, connector.settings, settings))
        return connector.connect(account, self.installation)


def get_cloud(db: Connection, cloud_id: str) -> Cloud:
    """Return the cloud with this id. Raises CloudNotFound."""
    cloud = repository.clouds.find(db, cloud_id)
    if cloud is None:
        raise CloudNotFound(cloud_id)
    return cloud


def require_no_transaction(ctx: RequestContext) -> None:
    """Raises RuntimeError if the transaction of `ctx` is open: a request to a cloud must not hold locks."""
    if not ctx.db.closed:
        raise RuntimeError("request to a cloud inside an open transaction")
