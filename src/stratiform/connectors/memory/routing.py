"""Routing capability of the simulated cloud: it stores the objects as they are applied."""

# ruff: noqa: ARG002 - the simulated cloud has no traffic to filter, and no addresses of its own

from collections.abc import Iterator, Sequence

import msgspec

from stratiform.connectors.memory.client import Client
from stratiform.contract.errors import NotSupported
from stratiform.contract.routing import Kind, RoutingObject


class MemoryRoutingDriver:
    """Implements contract.routing.RoutingDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def apply(self, desired: RoutingObject) -> None:
        with self._client.open_request(writes=True) as request:
            request.db.execute(
                "INSERT OR REPLACE INTO routing_objects (installation, kind, token, name, properties)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    request.installation_id,
                    desired.kind,
                    desired.token,
                    desired.name,
                    msgspec.json.encode(desired.properties).decode(),
                ),
            )

    def delete(self, kind: Kind, token: str) -> None:
        with self._client.open_request(writes=True) as request:
            request.db.execute(
                "DELETE FROM routing_objects WHERE installation = ? AND kind = ? AND token = ?",
                (request.installation_id, kind, token),
            )

    def list_objects(self) -> Iterator[RoutingObject]:
        with self._client.open_request() as request:
            rows = request.list_rows(
                "SELECT * FROM routing_objects WHERE installation = ? ORDER BY kind, token", request.installation_id
            )
        for row in rows:
            yield RoutingObject(row["kind"], row["token"], row["name"], msgspec.json.decode(row["properties"]))

    def ensure_security_groups(
        self, groups: Sequence[RoutingObject], subnet_id: str, *, filtered: bool
    ) -> tuple[str, ...]:
        """Return the tokens: groups are applied by `apply`."""
        return tuple(group.token for group in groups)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        """Do nothing: the addresses of a group are part of the group."""

    def allocate_address(self, token: str) -> str:
        raise NotSupported("the simulated cloud does not assign floating IPs; external networks do")
