"""The request that creates a server. Source: CloudStack API reference (deployVirtualMachine, registerSSHKeyPair)."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.markers import build_host_name
from stratiform.connectors.cloudstack.network import ensure_default_network
from stratiform.connectors.cloudstack.offerings import resolve_disk_offering, resolve_service_offering
from stratiform.connectors.cloudstack.templates import ISO, get_size_gib, get_template
from stratiform.contract.compute import ServerSpec
from stratiform.contract.errors import RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_EXISTS = "already exists"


def build_deploy_request(client: "Client", spec: ServerSpec) -> dict[str, object]:
    """Return the parameters of deployVirtualMachine. Raises: RequestRejected, NativeNotFound (image)."""
    marker = client.build_marker(spec.token)
    offering = resolve_service_offering(client, spec.size)
    zone = client.resolve_zone(spec.availability_zone)
    template = get_template(client, spec.image_id)
    request: dict[str, object] = {
        "zoneid": zone.id,
        "templateid": spec.image_id,
        "serviceofferingid": offering.id,
        "details": offering.build_details(spec.size),
        "name": build_host_name(spec.name, marker, spec.generation),
        "displayname": marker.append_to(spec.name),
        "userdata": _check_user_data(spec.user_data),
        **_build_disk(client, spec, template),
        **_build_interfaces(client, spec),
    }
    if zone.has_security_groups:
        groups = {group for interface in spec.interfaces for group in interface.security_groups}
        request["securitygroupids"] = sorted(groups)
    if spec.public_key:
        request["keypair"] = _ensure_key_pair(client, spec.public_key)
    return request


def _build_disk(client: "Client", spec: ServerSpec, template: "Item") -> dict[str, object]:
    """Return the parameters of the root disk: the size of the flavor, but at least the size of the image.

    A server that boots from an ISO image gets an empty root disk, which needs a disk offering.
    """
    if template.get(ISO):
        offering = resolve_disk_offering(client, "", spec.size.disk_gib, encrypted=False)
        return {
            "diskofferingid": offering["id"],
            "size": spec.size.disk_gib,
            "hypervisor": get_hypervisor(client),
        }
    return {"rootdisksize": spec.size.disk_gib} if spec.size.disk_gib > get_size_gib(template) else {}


def _build_interfaces(client: "Client", spec: ServerSpec) -> dict[str, object]:
    interfaces = [interface for interface in spec.interfaces if interface.subnet_id]
    if not interfaces:
        network_id = ensure_default_network(client)
        return {"networkids": network_id} if network_id else {}
    return {
        "iptonetworklist": [
            {
                "networkid": interface.subnet_id,
                "ip": interface.ip_address,
                **({"mac": interface.mac_address} if interface.mac_address else {}),
            }
            for interface in interfaces
        ]
    }


def get_hypervisor(client: "Client") -> str:
    """Return the hypervisor of the settings, else the first one of the zone. Raises: RequestRejected."""
    if client.settings.hypervisor:
        return client.settings.hypervisor
    response = client.request("listHypervisors", zoneid=client.resolve_zone().id)
    names = [str(item.get("name")) for item in response.get("hypervisor") or ()]
    if not names:
        raise RequestRejected("CloudStack reports no hypervisor in the zone", hint="set the setting 'hypervisor'")
    return names[0]


def _check_user_data(encoded: str) -> str:
    text = "".join(encoded.split())
    try:
        b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise RequestRejected("user data is not valid base64") from error
    return text


def _ensure_key_pair(client: "Client", public_key: str) -> str:
    """Return the name of the key pair with a public key; it is registered if it does not exist.

    CloudStack accepts a public key only once per account, whatever its name.
    """
    key = " ".join(public_key.split()[:2])
    name = f"stratiform-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    if client.request("listSSHKeyPairs", name=name).get("sshkeypair"):
        return name
    try:
        client.request("registerSSHKeyPair", name=name, publickey=public_key)
    except RequestRejected as error:
        if _EXISTS not in error.message:
            raise
        pairs = client.request("listSSHKeyPairs", fingerprint=_get_fingerprint(key)).get("sshkeypair") or ()
        return next((str(pair["name"]) for pair in pairs), name)
    return name


def _get_fingerprint(key: str) -> str:
    """Return the MD5 fingerprint of a public key, as CloudStack displays it."""
    try:
        digest = hashlib.md5(b64decode(key.split()[-1]), usedforsecurity=False).hexdigest()
    except (Base64Error, ValueError) as error:
        raise RequestRejected("public key is not valid") from error
    return ":".join(digest[start : start + 2] for start in range(0, len(digest), 2))
