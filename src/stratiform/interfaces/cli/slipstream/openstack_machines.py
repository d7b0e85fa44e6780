"""Machines in an OpenStack project, with networks, flavors and security groups by name.

Source: Compute API reference ("Servers", "Keypairs"), Networking API reference ("Floating IPs").
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from keystoneauth1 import exceptions
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from stratiform.interfaces.cli.slipstream.machines import FloatingIpRequest, Machine, MachineRequest, discard
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

#: The description of floating IPs that are deleted with their machine; the id of the machine follows.
_OWN_FLOATING_IP = "created by openstack-run-instances for"

#: The metadata of volumes that are deleted with a machine: its id.
_VOLUME_OWNER = "openstack-run-instances"

#: SlipStream's default group, which admits all traffic.
_MANAGED_GROUP = "slipstream_managed"

_POLL_S = 2.0
_POLLS = 150


class OpenstackMachines:
    """Implements MachineCloud with Nova's and Neutron's APIs."""

    def __init__(
        self, session: Session, region: str, compute_type: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._session = session
        self._sleep = sleep
        self._compute = {"service_type": compute_type, "region_name": region}
        self._network = {"service_type": "network", "region_name": region}
        self._volume = {"service_type": "volumev3", "region_name": region}

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
            server["security_groups"] = [{"name": self._resolve_group(name)} for name in request.security_groups]
        if not request.public_key:
            return self._create_server(server)
        key_name = f"ss-key-{uuid4().hex}"
        self._send(
            "POST", "/os-keypairs", self._compute, {"keypair": {"name": key_name, "public_key": request.public_key}}
        )
        try:
            machine = self._create_server({**server, "key_name": key_name})
        except BaseException:
            self._delete_key_pair(key_name)
            raise
        try:
            self._delete_key_pair(key_name)
        except BaseException as error:  # the command is interrupted
            discard(self, machine.id, error)
            raise
        return machine

    def get(self, machine_id: str) -> Machine:
        return _to_machine(self._send("GET", f"/servers/{quote(machine_id, safe='')}", self._compute)["server"])

    def list(self) -> Iterator[Machine]:
        return map(_to_machine, self._list_all("/servers/detail", "servers", self._compute))

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
        body = {
            "floating_network_id": network_id,
            "port_id": port_id,
            "description": f"{_OWN_FLOATING_IP} {machine_id}",
        }
        created = self._send("POST", "/v2.0/floatingips", self._network, {"floatingip": body})
        return str(created["floatingip"]["floating_ip_address"])

    def delete(self, machine_id: str) -> None:
        """Delete a server, then its floating IP and its additional disk, also if the server is deleted already.

        Raises: Fault after trying all of them.
        """
        path = f"/servers/{quote(machine_id, safe='')}"
        with suppress(Fault):  # the server itself costs most: it is deleted in any case
            self._mark_resources(machine_id, self._send("GET", path, self._compute)["server"].get("metadata", {}))
        with suppress(NotFound):
            self._send("DELETE", path, self._compute)
        failures = []
        for delete in (self._delete_floating_ips, self._delete_volumes):
            try:
                delete(machine_id)
            except Fault as error:
                failures.append(error.message)
        if failures:
            raise Conflict(f"The machine is deleted, but not its resources: {'; '.join(failures)}", hint="repeat it")

    def _create_server(self, server: Mapping[str, Any]) -> Machine:
        return Machine(
            str(self._send("POST", "/servers", self._compute, {"server": server})["server"]["id"]), "Pending"
        )

    def _delete_key_pair(self, name: str) -> None:
        """Delete a key pair if possible: a remaining one is harmless."""
        with suppress(Fault):
            self._send("DELETE", f"/os-keypairs/{name}", self._compute)

    def _mark_resources(self, machine_id: str, metadata: Mapping[str, str]) -> None:
        """Mark the resources in the metadata that SlipStream has set, so that they are found without the server."""
        address = metadata.get("floating_ip")
        if address:
            with suppress(Fault):
                body = {"floatingip": {"description": f"{_OWN_FLOATING_IP} {machine_id}"}}
                for floating in self._list_floating_ips():
                    if address in (floating["id"], floating["floating_ip_address"]):
                        self._send("PUT", f"/v2.0/floatingips/{floating['id']}", self._network, body)
        volume_id = metadata.get("additional_disk_id")
        if volume_id:
            with suppress(Fault):
                path = f"/volumes/{quote(volume_id, safe='')}/metadata"
                self._send("POST", path, self._volume, {"metadata": {_VOLUME_OWNER: machine_id}})

    def _list_floating_ips(self) -> Sequence[Mapping[str, Any]]:
        floating_ips: Sequence[Mapping[str, Any]] = self._send("GET", "/v2.0/floatingips", self._network)["floatingips"]
        return floating_ips

    def _delete_floating_ips(self, machine_id: str) -> None:
        for floating in self._list_floating_ips():
            if floating.get("description") == f"{_OWN_FLOATING_IP} {machine_id}":
                with suppress(NotFound):
                    self._send("DELETE", f"/v2.0/floatingips/{floating['id']}", self._network)

    def _delete_volumes(self, machine_id: str) -> None:
        """Delete the marked volumes after they are detached. Raises: Fault."""
        if not self._session.get_endpoint(None, **self._volume):
            return
        for volume in self._list_all("/volumes/detail", "volumes", self._volume):
            if volume.get("metadata", {}).get(_VOLUME_OWNER) == machine_id:
                with suppress(NotFound):
                    self._delete_volume(f"/volumes/{volume['id']}")

    def _delete_volume(self, path: str) -> None:
        for _ in range(_POLLS):
            if self._send("GET", path, self._volume)["volume"]["status"] not in ("in-use", "detaching"):
                break
            self._sleep(_POLL_S)
        self._send("DELETE", path, self._volume)

    def _resolve_group(self, name: str) -> str:
        """Return a group as it is, except for SlipStream's default one: its id, after creating it on first use."""
        if name != _MANAGED_GROUP:
            return name
        path = "/v2.0/security-groups"
        groups = self._send("GET", f"{path}?{urlencode({'name': name})}", self._network)["security_groups"]
        if groups:
            return str(groups[0]["id"])
        body = {"security_group": {"name": name, "description": "Admits all traffic"}}
        group_id = str(self._send("POST", path, self._network, body)["security_group"]["id"])
        try:
            for version in ("IPv4", "IPv6"):
                rule = {"security_group_id": group_id, "direction": "ingress", "ethertype": version}
                self._send("POST", "/v2.0/security-group-rules", self._network, {"security_group_rule": rule})
        except BaseException:  # without its rules, it would be used from now on
            self._send("DELETE", f"{path}/{group_id}", self._network)
            raise
        return group_id

    def _find_flavor(self, reference: str) -> str:
        """Return the id of a flavor by its id or name. Raises: Invalid."""
        flavors = list(self._list_all("/flavors", "flavors", self._compute))
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

    def _list_all(self, path: str, key: str, endpoint: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield the items of all pages."""
        marker = ""
        while True:
            query = urlencode({"marker": marker} if marker else {})
            page = self._send("GET", f"{path}?{query}" if query else path, endpoint)
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


def build_session(auth: Mapping[str, Any]) -> Session:
    """Return a session that signs in on first use. `auth`: settings of Keystone's password method, version 3."""
    return Session(Password(**auth), timeout=_TIMEOUT_S)


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
