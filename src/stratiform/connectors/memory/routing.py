"""Routing capability of the simulated cloud: it stores the objects as they are applied."""

# ruff: noqa: ARG002 - the simulated cloud has no traffic to filter, and no addresses of its own

from collections.abc import Iterator, Sequence

import msgspec

from stratiform.connectors.memory.client import Client, SimulatedRequest
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
            members = _list_members(request)
        for row in rows:
            properties = msgspec.json.decode(row["properties"])
            if row["kind"] == "security_group":
                properties["addresses"] = members.get(row["token"], [])
            yield RoutingObject(row["kind"], row["token"], row["name"], properties)

    def ensure_security_groups(
        self, groups: Sequence[RoutingObject], subnet_id: str, *, filtered: bool
    ) -> tuple[str, ...]:
        """Return the tokens: groups are applied by `apply`."""
        return tuple(group.token for group in groups)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        with self._client.open_request(writes=True) as request:
            request.db.execute(
                "UPDATE interfaces SET security_groups = ? WHERE ip_address = ? AND subnet_id IN"
                " (SELECT id FROM subnets WHERE installation = ? AND token = ?)",
                (" ".join(group.token for group in groups), ip_address, request.installation_id, subnet_id),
            )

    def allocate_address(self, token: str) -> str:
        raise NotSupported("the simulated cloud does not assign floating IPs; external networks do")


def _list_members(request: SimulatedRequest) -> dict[str, list[str]]:
    """Return the addresses of the interfaces in each security group."""
    rows = request.list_rows(
        "SELECT ip_address, security_groups FROM interfaces JOIN servers ON servers.id = interfaces.server_id"
        " WHERE installation = ? AND (deleted_at IS NULL OR deleted_at > ?) ORDER BY ip_address",
        request.installation_id,
        request.now,
    )
    members: dict[str, list[str]] = {}
    for row in rows:
        for token in row["security_groups"].split():
            members.setdefault(token, []).append(row["ip_address"])
    return members
