"""Machines in an OpenStack project, with networks, flavors and security groups by name.

Source: Compute API reference ("Servers", "Keypairs"), Networking API reference ("Floating IPs").
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from keystoneauth1 import exceptions
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from stratiform.interfaces.cli.slipstream.machines import FloatingIpRequest, Machine, MachineRequest
from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound, Unauthenticated, Unavailable

_TIMEOUT_S = 60

#: The first microversion whose servers contain the name and sizes of their flavor.
_WITH_FLAVOR = {"OpenStack-API-Version": "compute 2.47"}

#: SlipStream's words for the states of servers.
_STATES = {
    "ACTIVE": "Running",
    "BUILD": "Pending",
    "DELETED": "Terminated",
    "SOFT_DELETED": "Terminated",
    "ERROR": "Error",
    "HARD_REBOOT": "Rebooting",
    "REBOOT": "Rebooting",
    "PAUSED": "Paused",
    "SHUTOFF": "Stopped",
    "SHELVED_OFFLOADED": "Stopped",
    "SUSPENDED": "Suspended",
}

#: The description of floating IPs that are deleted with their machine.
_OWN_FLOATING_IP = "created by openstack-run-instances"


class OpenstackMachines:
    """Implements MachineCloud with Nova's and Neutron's APIs."""

    def __init__(self, auth: Mapping[str, Any], region: str, compute_type: str) -> None:
        """Sign in on first use. `auth`: the settings of Keystone's password method, version 3."""
        self._session = Session(Password(**auth), timeout=_TIMEOUT_S)
        self._compute = {"service_type": compute_type, "region_name": region}
        self._network = {"service_type": "network", "region_name": region}

    def create(self, request: MachineRequest) -> Machine:
        """Create a server. Its key pair is deleted afterwards: the server keeps the key."""
        if request.disk_gib:
            raise Invalid("--disk is not supported for OpenStack: the root disk has the size of the instance type")
        server: dict[str, Any] = {
            "name": request.name,
            "imageRef": request.image_id,
            "flavorRef": self._find_flavor(request.instance_type),
        }
        if request.networks:
            server["networks"] = [{"uuid": self._find_network(name)["id"]} for name in request.networks]
        if request.security_groups:
            server["security_groups"] = [{"name": name} for name in request.security_groups]
        if not request.public_key:
            return self._create_server(server)
        key_name = f"ss-key-{uuid4().hex}"
        self._send(
            "POST", "/os-keypairs", self._compute, {"keypair": {"name": key_name, "public_key": request.public_key}}
        )
        try:
            return self._create_server({**server, "key_name": key_name})
        finally:
            self._send("DELETE", f"/os-keypairs/{key_name}", self._compute)

    def get(self, machine_id: str) -> Machine:
        return _to_machine(self._send("GET", f"/servers/{quote(machine_id, safe='')}", self._compute)["server"])

    def list(self) -> Iterator[Machine]:
        return map(_to_machine, self._list_all("/servers/detail", "servers"))

    def associate_floating_ip(self, machine_id: str, request: FloatingIpRequest) -> str:
        query = urlencode({"device_id": machine_id, "fields": "id"})
        ports = self._send("GET", f"/v2.0/ports?{query}", self._network)["ports"]
        if not ports:
            raise Conflict(f"Machine {machine_id} does not have a port for a floating IP")
        port_id = ports[0]["id"]
        network_id = self._find_external_network(request.pool)["id"]
        if request.reuse:
            query = urlencode({"floating_network_id": network_id, "status": "DOWN"})
            for floating in self._send("GET", f"/v2.0/floatingips?{query}", self._network)["floatingips"]:
                if not floating["port_id"]:
                    path = f"/v2.0/floatingips/{floating['id']}"
                    self._send("PUT", path, self._network, {"floatingip": {"port_id": port_id}})
                    return str(floating["floating_ip_address"])
        body = {"floating_network_id": network_id, "port_id": port_id, "description": _OWN_FLOATING_IP}
        created = self._send("POST", "/v2.0/floatingips", self._network, {"floatingip": body})
        return str(created["floatingip"]["floating_ip_address"])

    def delete(self, machine_id: str) -> None:
        """Delete a server, and the floating IP that was created for it."""
        own_floating_ips = self._list_own_floating_ips(machine_id)
        try:
            self._send("DELETE", f"/servers/{quote(machine_id, safe='')}", self._compute)
        except NotFound:
            return
        for floating_id in own_floating_ips:
            self._send("DELETE", f"/v2.0/floatingips/{floating_id}", self._network)

    def _create_server(self, server: Mapping[str, Any]) -> Machine:
        return self.get(str(self._send("POST", "/servers", self._compute, {"server": server})["server"]["id"]))

    def _list_own_floating_ips(self, machine_id: str) -> Sequence[str]:
        ports = self._send("GET", f"/v2.0/ports?{urlencode({'device_id': machine_id})}", self._network)["ports"]
        return [
            str(floating["id"])
            for port in ports
            for floating in self._send("GET", f"/v2.0/floatingips?{urlencode({'port_id': port['id']})}", self._network)[
                "floatingips"
            ]
            if floating.get("description") == _OWN_FLOATING_IP
        ]

    def _find_flavor(self, reference: str) -> str:
        """Return the id of a flavor by its id or name. Raises: Invalid."""
        flavors = list(self._list_all("/flavors", "flavors"))
        for key in ("id", "name"):
            for flavor in flavors:
                if flavor[key] == reference:
                    return str(flavor["id"])
        raise Invalid(
            f"Instance type '{reference}' not found", hint=", ".join(sorted(each["name"] for each in flavors))
        )

    def _find_network(self, reference: str) -> Mapping[str, Any]:
        """Return a network by its id or name. Raises: Invalid if there is none, or several have the name."""
        for key in ("id", "name"):
            networks = self._send("GET", f"/v2.0/networks?{urlencode({key: reference})}", self._network)["networks"]
            if len(networks) > 1:
                raise Invalid(f"{len(networks)} networks are named '{reference}'", hint="use the ID of one of them")
            if networks:
                network: Mapping[str, Any] = networks[0]
                return network
        raise Invalid(f"Network '{reference}' not found")

    def _find_external_network(self, reference: str) -> Mapping[str, Any]:
        if reference:
            return self._find_network(reference)
        networks = self._send("GET", "/v2.0/networks?router%3Aexternal=true", self._network)["networks"]
        if len(networks) != 1:
            raise Invalid(
                f"The project can use {len(networks)} external networks", hint="choose one with --network-public"
            )
        network: Mapping[str, Any] = networks[0]
        return network

    def _list_all(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items of all pages."""
        marker = ""
        while True:
            query = urlencode({"marker": marker} if marker else {})
            page = self._send("GET", f"{path}?{query}" if query else path, self._compute)
            yield from page[key]
            if f"{key}_links" not in page or not page[key]:
                return
            marker = page[key][-1]["id"]

    def _send(self, method: str, path: str, endpoint: Mapping[str, str], body: object = None) -> Any:
        """Return the decoded response. Raises: Fault."""
        headers = _WITH_FLAVOR if method == "GET" else {}
        try:
            response = self._session.request(
                path,
                method,
                json=body,
                headers={"Accept": "application/json", **headers},
                endpoint_filter=dict(endpoint),
                raise_exc=False,
            )
        except exceptions.Unauthorized as error:
            raise Unauthenticated("Keystone rejected the user name or the password") from error
        except exceptions.EndpointNotFound as error:
            raise Invalid(
                f"The catalog does not have a service of the type {endpoint['service_type']} in this region",
                hint="check --region and --service-type",
            ) from error
        except exceptions.ClientException as error:
            raise Unavailable(f"No response from the cloud: {error}") from error
        if response.status_code == 404:
            raise NotFound(_message(response))
        if response.status_code >= 400:
            raise Fault(_message(response))
        return response.json() if response.content else None


def _message(response: Any) -> str:
    """Return the message of an error response of Nova or Neutron."""
    try:
        errors = [value for value in response.json().values() if isinstance(value, dict) and "message" in value]
    except (AttributeError, ValueError):
        errors = []
    return str(errors[0]["message"]) if errors else f"The cloud responded with status {response.status_code}"


def _to_machine(server: Mapping[str, Any]) -> Machine:
    flavor = server["flavor"]
    return Machine(
        id=server["id"],
        state=_STATES.get(server["status"], "Unknown"),
        address=_choose_address(server["addresses"]),
        vcpus=str(flavor["vcpus"]),
        ram_mib=str(flavor["ram"]),
        disk_gib=str(flavor["disk"]),
        instance_type=flavor["original_name"],
        fault=str(server.get("fault", {}).get("message", "")),
    )


def _choose_address(networks: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """Return a floating IP, else the first address; IPv4 takes precedence."""
    addresses = [address for items in networks.values() for address in items]
    addresses.sort(key=lambda item: (item.get("OS-EXT-IPS:type") != "floating", item["version"]))
    return str(addresses[0]["addr"]) if addresses else ""
