"""Floating IPs as public addresses, which CloudStack has to reserve before a network can use them.

A public address has no name, and tags are added later. So that a lost response leaves no address behind, the choice of
the address is recorded first: in a security group without rules, whose unique name contains the address and whose
description is our token. The record is deleted last.

Source: CloudStack API reference (reserveIpAddress, associateIpAddress, enableStaticNat, createPortForwardingRule).
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stratiform.connectors.cloudstack.markers import ROUTER, read_tags
from stratiform.connectors.cloudstack.network import find_interface, find_network, find_shared_network, list_networks
from stratiform.connectors.cloudstack.responses import read_int, read_object
from stratiform.contract.errors import (
    CloudUnreachable,
    InsufficientCapacity,
    NativeNotFound,
    NotSupported,
    RequestRejected,
)
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.firewall import Firewall
    from stratiform.connectors.cloudstack.responses import Item

_FREE, _RESERVED = "Free", "Reserved"
_CHOICES = 5
_EXISTS = "already exist"


class PublicAddresses:
    """Public addresses of this installation."""

    def __init__(self, client: "Client", firewall: "Firewall") -> None:
        self._client = client
        self._firewall = firewall
        self._prefix = f"stratiform-address-{client.installation_id}-"

    def allocate(self, token: str) -> str:
        """Return the address with a token; it is reserved if none has it, such as after a lost response."""
        if find_shared_network(self._client) is not None:
            raise NotSupported("floating IPs are supported only for isolated networks of CloudStack")
        with self._client.locking("address", token):
            record = self._find_record(token)
            if record is not None:
                native = self._find_address(self._get_address(record))
                if native is not None and self._reserve(native):
                    return str(native["ipaddress"])
                self._delete_record(record)  # another account has the address
            refused: set[str] = set()
            for _ in range(_CHOICES):
                native = self._choose(token, refused)
                address = str(native["ipaddress"])
                record = self._create_record(token, address)
                if record is not None and self._reserve(native):
                    return address
                refused.add(address)  # another floating IP, or another account, has chosen it first
                if record is not None:
                    self._delete_record(record)
        raise CloudUnreachable("other accounts of CloudStack took the free public addresses first")

    def apply(self, desired: RoutingObject) -> None:
        """Associate the address with an interface, or with the targets of its forwardings, if servers have them."""
        with self._client.locking("address", desired.token):
            native = self._ensure_owned(desired.token, desired.properties["address"])
            forwardings = desired.properties.get("forwardings") or ()
            fixed_address = desired.properties["fixed_address"]
            network = self._find_target_network(desired) if fixed_address or forwardings else None
            target = (
                find_interface(self._client, str(network["id"]), fixed_address) if network and fixed_address else None
            )
            if network is not None and (target is not None or forwardings):
                native = self._associate(native, str(network["id"]))
            self._set_static_nat(native, target)
            if network is not None and target is None:
                self._set_forwardings(native, str(network["id"]), forwardings)
            elif target is None:
                self._set_forwardings(native, "", ())
        network_id = str(native.get("associatednetworkid") or "")
        if network_id:
            self._firewall.synchronize(network_id)

    def delete(self, token: str) -> None:
        with self._client.locking("address", token):
            record = self._find_record(token)
            if record is None:
                return
            native = self._find_address(self._get_address(record))
            if native is not None and native.get("state") != _FREE:
                self._release(native)
            self._delete_record(record)

    def list_objects(self) -> Iterator[RoutingObject]:
        addresses = {
            str(item["ipaddress"]): item for item in self._client.list_all("listPublicIpAddresses", "publicipaddress")
        }
        for record in self._list_records():
            native = addresses.get(self._get_address(record))
            if native is not None:
                fixed_address = native.get("vmipaddress") if native.get("isstaticnat") else None
                properties = {"address": native["ipaddress"], "fixed_address": fixed_address or None}
                yield RoutingObject("floating_ip", str(record.get("description", "")), "", properties)

    def _ensure_owned(self, token: str, address: str) -> "Item":
        """Return the address of a floating IP, reserved again if it was released in CloudStack."""
        record = self._find_record(token)
        if record is None and self._create_record(token, address) is None:
            raise RequestRejected(f"public address {address} belongs to another floating IP")
        native = self._find_address(address)
        if native is None or not self._reserve(native):
            raise RequestRejected(f"public address {address} is not available to this account of CloudStack")
        return native

    def _choose(self, token: str, refused: set[str]) -> "Item":
        free = self._client.list_all(
            "listPublicIpAddresses",
            "publicipaddress",
            allocatedonly=False,
            state=_FREE,
            forvirtualnetwork=True,
            zoneid=self._client.resolve_zone().id,
        )
        free = [item for item in free if str(item["ipaddress"]) not in refused]
        if not free:
            raise InsufficientCapacity("CloudStack has no free public address in the zone")
        # Different tokens begin with different addresses, so that parallel requests seldom choose the same one.
        number = int.from_bytes(hashlib.sha256(token.encode()).digest()[:4])
        return sorted(free, key=lambda item: str(item["id"]))[number % len(free)]

    def _reserve(self, native: "Item") -> bool:
        """Reserve an address unless it is ours. Return False if another account has it."""
        if native.get("state") != _FREE:
            return True  # CloudStack lists only free addresses and those of our account
        try:
            self._client.request("reserveIpAddress", id=native["id"])
        except NotSupported as error:
            raise NotSupported("CloudStack before 4.17 cannot reserve public addresses") from error
        except (RequestRejected, NativeNotFound):
            return False
        native["state"] = _RESERVED
        return True

    def _find_target_network(self, desired: RoutingObject) -> "Item | None":
        subnet_id = desired.properties.get("subnet_id")
        if subnet_id:
            return find_network(self._client, subnet_id)
        router = desired.properties.get("router") or ""
        networks = list_networks(self._client) if router else []
        return next((item for item in networks if read_tags(item).get(ROUTER, "").split(":")[0] == router), None)

    def _associate(self, native: "Item", network_id: str) -> "Item":
        """Associate an address with a network; one of another network is released and reserved again."""
        address = str(native["ipaddress"])
        if native.get("associatednetworkid") == network_id:
            return native
        if native.get("associatednetworkid"):
            self._release(native)
        self._client.run_job("associateIpAddress", ipaddress=address, networkid=network_id, zoneid=native.get("zoneid"))
        associated = self._find_address(address)
        if associated is None:
            raise CloudUnreachable(f"CloudStack does not list public address {address} yet")
        return associated

    def _set_static_nat(self, native: "Item", target: "tuple[Item, Item] | None") -> None:
        current = (
            (str(native.get("virtualmachineid") or ""), native.get("vmipaddress"))
            if native.get("isstaticnat")
            else None
        )
        desired = None if target is None else (str(target[0]["id"]), target[1].get("ipaddress"))
        if current == desired:
            return
        if current is not None:
            self._client.run_job("disableStaticNat", ipaddressid=native["id"])
        if target is not None:
            self._set_forwardings(native, "", ())
            vm, nic = target
            self._client.request(
                "enableStaticNat",
                ipaddressid=native["id"],
                virtualmachineid=vm["id"],
                networkid=nic["networkid"],
                vmguestip=nic["ipaddress"],
            )

    def _set_forwardings(
        self, native: "Item", network_id: str, forwardings: "tuple[Mapping[str, Any], ...] | list[Any]"
    ) -> None:
        """Create and delete port forwardings. Those to servers that do not exist yet are left out."""
        rules = self._client.list_all("listPortForwardingRules", "portforwardingrule", ipaddressid=native["id"])
        current = {_read_forwarding(rule): rule for rule in rules}
        desired = {
            (item["protocol"], item["external_port"], item["internal_ip_address"], item["internal_port"])
            for item in forwardings
        }
        obsolete = [rule for forwarding, rule in current.items() if forwarding not in desired]
        self._client.wait_for_jobs(
            [self._client.request("deletePortForwardingRule", id=rule["id"]) for rule in obsolete]
        )
        for protocol, public_port, address, private_port in sorted(desired - current.keys()):
            target = find_interface(self._client, network_id, address)
            if target is not None:
                self._client.run_job(
                    "createPortForwardingRule",
                    ipaddressid=native["id"],
                    protocol=protocol,
                    publicport=public_port,
                    privateport=private_port,
                    virtualmachineid=target[0]["id"],
                    vmguestip=address,
                    networkid=network_id,
                    openfirewall=False,
                )

    def _release(self, native: "Item") -> None:
        try:
            if native.get("state") == _RESERVED:
                self._client.request("releaseIpAddress", id=native["id"])
                return
            if native.get("isstaticnat"):
                self._client.run_job("disableStaticNat", ipaddressid=native["id"])
            self._client.run_job("disassociateIpAddress", id=native["id"])
        except NativeNotFound:
            return

    def _find_address(self, address: str) -> "Item | None":
        """Return an address that is free or ours."""
        return self._client.find_item(
            "listPublicIpAddresses",
            "publicipaddress",
            ipaddress=address,
            allocatedonly=False,
            forvirtualnetwork=True,
            zoneid=self._client.resolve_zone().id,
        )

    def _find_record(self, token: str) -> "Item | None":
        return next((record for record in self._list_records() if record.get("description") == token), None)

    def _list_records(self) -> "list[Item]":
        records = self._client.list_all("listSecurityGroups", "securitygroup", keyword=self._prefix)
        return [record for record in records if str(record.get("name", "")).startswith(self._prefix)]

    def _create_record(self, token: str, address: str) -> "Item | None":
        """Claim an address for a token. Return None if another token has it."""
        try:
            response = self._client.request("createSecurityGroup", name=self._prefix + address, description=token)
        except RequestRejected as error:
            if _EXISTS not in error.message:
                raise
            return None
        return {"name": self._prefix + address, "description": token, **read_object(response, "securitygroup")}

    def _get_address(self, record: "Item") -> str:
        return str(record.get("name", "")).removeprefix(self._prefix)

    def _delete_record(self, record: "Item") -> None:
        try:
            self._client.request("deleteSecurityGroup", id=record["id"])
        except NativeNotFound:
            return


def _read_forwarding(rule: "Item") -> tuple[str, int, str, int]:
    return (
        str(rule.get("protocol")),
        read_int(rule.get("publicport")),
        str(rule.get("vmguestip") or ""),
        read_int(rule.get("privateport")),
    )
