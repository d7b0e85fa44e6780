"""A cloud with one resource of each kind in project green, and callers with each role, for the authorization matrix."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stratiform.interfaces.endpoints import Api, Endpoint
from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.kit.clock import SECOND_US
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.authorization_resources import create_admins, create_credentials, create_simple_resources
from support.callers import Callers, open_callers
from support.compute_resources import SHARED_PARAMETERS, create_compute_resources
from support.network_resources import create_network_resources
from support.stacks import ServiceHarness, build_harness
from support.volume_group_resources import create_message, create_volume_group, request_volume

_PARAMETER = re.compile(r"{(\w+(?::path)?)}")

#: The callers of the matrix, by their names in support.callers.
_CALLERS = {
    "admin": "admin",
    "member": "green",
    "reader": "green-reader",
    "project admin": "green-admin",
    "domain manager": "partner-manager",
    "other": "blue",
    "revoked": "revoked",
    "": "",
}

#: Parameters of which any text will do.
_FREE = {
    "key",
    "tag",
    "alias",
    "quota",
    "quota_class",
    # of resources of block storage that do not exist
    "cluster_name",
    "host",
    "service_action",
    "consistency_group_id",
    "cgsnapshot_id",
    "rule_type",
    # of resources that do not exist
    "agent_id",
    "network_segment_range_id",
    "topology_id",
    "encryption_id",
    "network_label",
    "schema_name",
    "before",
    # of parts of the Identity API that are refused with a reason
    "consumer_id",
    "request_token_id",
    "config_group",
    "object_name",
    "property_name",
    "tag_name",
    "store_id",
    "task_id",
    # of the REST API: names that only operators use, and documents, whose visibility test_billing.py covers
    "name",
    "resource_type",
    "resource_id",
    "poll_id",
    "tile:path",
    "number",
}

#: Parameters with the caller's own project, user or domain; only requests that read use them instead of unknown ones.
OWN = {"target_project_id", "project_id", "user_id", "domain_id"}

#: Parameters with identifiers that are not of one project.
_SHARED = {
    "type_id",
    "group_type_id",
    "qos_specs_id",
    "flavor_id",
    "domain_id",
    "group_id",
    "role_id",
    "prior_role_id",
    "implied_role_id",
    "service_id",
    "endpoint_id",
    "region_id",
    "default_security_group_rule_id",
    "network_flavor_id",
    "service_profile_id",
    *SHARED_PARAMETERS,
    "identity_policy_id",
    "registered_limit_id",
    "endpoint_group_id",
    "idp_id",
    "mapping_id",
    "protocol_id",
    "sp_id",
}

_UNKNOWN = "00000000-0000-4000-8000-00000000dead"


def parameters(endpoint: Endpoint) -> set[str]:
    """Return the names of the parameters in an endpoint's path."""
    return set(_PARAMETER.findall(endpoint.path))


@dataclass(frozen=True, slots=True)
class Matrix:
    """`identifiers`: values of path parameters; `private`: those that only project green may see."""

    api: Callers
    identifiers: dict[str, str]
    private: set[str]
    callers: dict[str, Caller]

    def path(self, api: Api, endpoint: Endpoint, *, unknown: bool = False) -> str | None:
        """Return the path with identifiers filled in; None if one of them is not known."""
        path = endpoint.path
        for name in parameters(endpoint):
            if name not in self.identifiers and name not in _FREE:
                return None
            replace = name in _FREE or (unknown and not (endpoint.is_read_only and name in OWN))
            value = _UNKNOWN if replace else self.identifiers[name]
            path = path.replace(f"{{{name}}}", value)
        return api.path + path

    def call(
        self, api: Api, endpoint: Endpoint, caller: str, *, unknown: bool = False, query: str = "", json: Any = None
    ) -> httpx.Response:
        path = self.path(api, endpoint, unknown=unknown) or api.path + endpoint.path
        path += f"?{query}" if query else ""
        body: dict[str, Any] = json or ({endpoint.action: {}} if endpoint.action else {})
        headers = {}
        if isinstance(api, OpenStackApi) and api.microversions is not None:
            minor = api.microversions.last if endpoint.until is None else endpoint.until
            headers["OpenStack-API-Version"] = f"{api.microversions.service} {api.microversions.major}.{minor}"
        content = {} if endpoint.is_read_only else {"json": body}
        return self.api.request(endpoint.method, path, _CALLERS[caller], headers=headers, **content)


@contextmanager
def authorization_matrix(home: Path) -> Iterator[Matrix]:
    of = build_harness(home)
    of.services.stopping.set()  # so that endless streams end at once
    with open_callers(of) as api:
        _bind_cloud(of, api)
        api.tokens["revoked"] = _revoked_token(api)
        partner_id = create_admins(api)
        identifiers = _create_resources(of, api)
        private = set(identifiers) - _SHARED
        callers = {
            "admin": _caller("admin", api, "admin", "manager", "member", "reader"),
            "member": _caller("green", api, "member", "reader"),
            "reader": _caller("green", api, "reader"),
            "project admin": _caller("green", api, "manager", "member", "reader"),
            "domain manager": Caller(
                user_id="user", domain_id=partner_id, roles=frozenset({"manager", "member", "reader"})
            ),
        }
        yield Matrix(api, identifiers, private, callers)


def _caller(project: str, api: Callers, *roles: str) -> Caller:
    return Caller(user_id="user", project_id=api.projects[project], roles=frozenset(roles))


def _bind_cloud(of: ServiceHarness, api: Callers) -> None:
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, SYSTEM)
        cloud = of.services.clouds.accounts.create(ctx, "memory", "sim", {})
        for project_id in api.projects.values():
            of.services.clouds.bindings.create(ctx, project_id, cloud.id, "zone-a")
        of.services.volume.volume_types.ensure_initial_types(ctx)
        of.services.compute.flavors.create_defaults(ctx)
        image = of.services.image.images.create_for_native_ids(ctx, "cirros")
        of.services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")


def _revoked_token(api: Callers) -> str:
    """Issue a token for the member of green, and revoke it."""
    credentials = {"user": {"name": "green-member", "domain": {"id": "default"}, "password": "correct horse"}}
    scope = {"project": {"id": api.projects["green"]}}
    body = {"auth": {"identity": {"methods": ["password"], "password": credentials}, "scope": scope}}
    response = api.client.post("/identity/v3/auth/tokens", json=body)
    token = response.headers["X-Subject-Token"]
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    assert api.client.delete("/identity/v3/auth/tokens", headers=headers).status_code == 204
    return token


def _create_resources(of: ServiceHarness, api: Callers) -> dict[str, str]:
    """Create one resource of each kind in project green by the APIs. Return the values of path parameters."""
    volume = api.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1, "name": "data"}})["volume"]
    server = _create_server(of, api)
    actions = api.ok("GET", f"/compute/v2.1/servers/{server['id']}/os-instance-actions")["instanceActions"]
    keypair = api.ok("POST", "/compute/v2.1/os-keypairs", json={"keypair": {"name": "green-member-key"}})["keypair"]
    worker = Worker(of.services.database, _handlers(of), name="matrix", clock=of.clock)
    worker.run_until_idle()
    of.clock.advance(10 * SECOND_US)  # so that the volume is available
    worker.run_until_idle()
    snapshot = api.ok("POST", "/volume/v3/snapshots", json={"snapshot": {"volume_id": volume["id"]}})["snapshot"]
    backup = api.ok("POST", "/volume/v3/backups", json={"backup": {"volume_id": volume["id"]}})["backup"]
    worker.run_until_idle()
    offered = api.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1, "name": "offered"}})["volume"]
    group = create_volume_group(api)
    worker.run_until_idle()
    of.clock.advance(10 * SECOND_US)
    worker.run_until_idle()
    body = {"group_snapshot": {"group_id": group["volume_group_id"]}}
    group_snapshot = request_volume(api, "POST", "/group_snapshots", body)["group_snapshot"]
    body = {"transfer": {"volume_id": offered["id"]}}
    transfer = api.ok("POST", "/volume/v3/os-volume-transfer", json=body)["transfer"]
    image = api.ok("POST", "/image/v2/images", json={"name": "image"})
    definitions = {"namespace": "Green::Private", "owner": api.projects["green"]}
    namespace = api.ok("POST", "/image/v2/metadefs/namespaces", "admin", json=definitions)
    volume_type = api.ok("GET", "/volume/v3/types/default")["volume_type"]
    return {
        **create_network_resources(api),
        **group,
        "group_snapshot_id": group_snapshot["id"],
        "volume_id": volume["id"],
        "type_id": volume_type["id"],
        "attachment_id": _UNKNOWN,
        "snapshot_id": snapshot["id"],
        "backup_id": backup["id"],
        "transfer_id": transfer["id"],
        "message_id": create_message(of, api, volume["id"]),
        "image_id": image["id"],
        "member_id": _UNKNOWN,
        "namespace": namespace["namespace"],
        "target_project_id": api.projects["green"],
        "server_id": server["id"],
        "server": server["id"],
        "request_id": actions[0]["request_id"],
        "flavor_id": "1",
        "keypair_name": keypair["name"],
        **create_compute_resources(api),
        **_identity_identifiers(api),
    }


def _identity_identifiers(api: Callers) -> dict[str, str]:
    v3 = "/identity/v3"
    user_id = api.ok("GET", f"{v3}/users?name=green-member", "admin")["users"][0]["id"]
    credential = {"application_credential": {"name": "ci"}}
    credential = api.ok("POST", f"{v3}/users/{user_id}/application_credentials", json=credential)
    roles = {role["name"]: role["id"] for role in api.ok("GET", f"{v3}/roles", "admin")["roles"]}
    group = api.ok("POST", f"{v3}/groups", "admin", json={"group": {"name": "g"}})["group"]
    endpoint = api.ok("GET", f"{v3}/endpoints", "admin")["endpoints"][0]
    return {
        "user_id": user_id,
        "project_id": api.projects["green"],
        "domain_id": "default",
        "group_id": group["id"],
        "role_id": roles["reader"],
        "prior_role_id": roles["member"],
        "implied_role_id": roles["reader"],
        "application_credential_id": credential["application_credential"]["id"],
        "service_id": endpoint["service_id"],
        "endpoint_id": endpoint["id"],
        "region_id": endpoint["region_id"],
        **create_credentials(api, user_id, roles["reader"]),
        **create_simple_resources(api, endpoint["service_id"]),
    }


def _create_server(of: ServiceHarness, api: Callers) -> dict[str, Any]:
    with of.services.database.transaction() as db:
        of.services.network.default_networks.ensure_network(of.ctx(db, SYSTEM), api.projects["green"])
    native_image = api.ok("GET", "/image/v2/images?name=cirros")["images"][0]
    body = {"name": "web", "flavorRef": "1", "imageRef": native_image["id"]}
    server: dict[str, Any] = api.ok("POST", "/compute/v2.1/servers", json={"server": body})["server"]
    return server


def _handlers(of: ServiceHarness) -> Any:
    from stratiform.app.worker import collect_handlers

    return collect_handlers(of.services)
