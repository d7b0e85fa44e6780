"""Calls of python-neutronclient. Prints one JSON array per call: its name, and its error or "".

Its `neutron` command no longer exists; Horizon and rally-openstack use the library. Run with the Python of an
environment that has it, with the variables of an `openstack` client.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from keystoneauth1 import session
from keystoneauth1.identity.v3 import Password
from neutronclient.common.exceptions import NeutronClientException
from neutronclient.v2_0.client import Client


def main() -> None:
    names = ("auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name")
    options: dict[str, Any] = {name: os.environ[f"OS_{name.upper()}"] for name in names}
    auth = Password(**options)
    client = Client(session=session.Session(auth=auth), region_name=os.environ["OS_REGION_NAME"])
    external = client.list_networks(name="public")["networks"][0]["id"]
    run("list_extensions", client.list_extensions)
    run("show_extension", lambda: client.show_extension("router"))
    network = check(client, "network", {"name": "ncnet"}, {"name": "ncnet2"})
    subnet = check(client, "subnet", {"network_id": network, "cidr": "10.61.0.0/24", "ip_version": 4}, {"name": "s"})
    port = check(client, "port", {"network_id": network, "name": "ncport"}, {"name": "ncport2"})
    group = check(client, "security_group", {"name": "ncgroup"}, {"description": "d"})
    rule = {"security_group_id": group, "direction": "ingress", "protocol": "tcp", "port_range_min": 80}
    check(client, "security_group_rule", rule | {"port_range_max": 80}, None)
    router = check(client, "router", {"name": "ncrouter"}, {"name": "ncrouter2"})
    run("add_gateway_router", lambda: client.add_gateway_router(router, {"network_id": external}))
    run("add_interface_router", lambda: client.add_interface_router(router, {"subnet_id": subnet}))
    address = check(client, "floatingip", {"floating_network_id": external}, {"port_id": port})
    run("show_floatingip: associated", lambda: require_port(client, address, port))
    scope = check(client, "address_scope", {"name": "ncscope", "ip_version": 4}, {"name": "ncscope2"})
    pool_body = {"name": "ncpool", "prefixes": ["10.99.0.0/16"], "address_scope_id": scope}
    pool = check(client, "subnetpool", pool_body, {"name": "ncpool2"})
    policy = check(client, "qos_policy", {"name": "ncqos"}, {"description": "d"}, plural="qos_policies")
    tag = ("networks", network, "blue")
    run("add_tag", lambda: client.add_tag(*tag))
    run("replace_tag", lambda: client.replace_tag("networks", network, {"tags": ["blue", "red"]}))
    run("remove_tag", lambda: client.remove_tag(*tag))
    run("remove_tag_all", lambda: client.remove_tag_all("networks", network))
    project = client.get_auth_info()["auth_tenant_id"]
    for name in ("list_quotas", "list_agents", "list_availability_zones", "list_service_providers"):
        run(name, getattr(client, name))
    run("show_quota", lambda: client.show_quota(project))
    run("show_quota_default", lambda: client.show_quota_default(project))
    run("show_quota_details", lambda: client.show_quota_details(project))
    run("update_quota", lambda: client.update_quota(project, {"quota": {"network": 7}}))
    run("delete_quota", lambda: client.delete_quota(project))
    run("show_network_ip_availability", lambda: client.show_network_ip_availability(network))
    run("a refusal has Neutron's type", lambda: require_conflict(client, network))
    for resource, identifier in (("floatingip", address), ("qos_policy", policy), ("subnetpool", pool)):
        delete(client, resource, identifier)
    delete(client, "address_scope", scope)
    run("remove_interface_router", lambda: client.remove_interface_router(router, {"subnet_id": subnet}))
    run("remove_gateway_router", lambda: client.remove_gateway_router(router))
    for resource, identifier in (("router", router), ("port", port), ("security_group", group), ("subnet", subnet)):
        delete(client, resource, identifier)
    delete(client, "network", network)


def run(name: str, function: Callable[[], Any]) -> Any:
    """Call a function, print its error, and return its result, or None."""
    try:
        result, error = function(), ""
    except Exception as failure:  # any error of the library is a result
        result, error = None, repr(failure)[:400]
    sys.stdout.write(json.dumps([name, error]) + "\n")
    sys.stdout.flush()
    return result


def check(client: Any, resource: str, body: Any, changes: Any, *, plural: str = "") -> str:
    """Create, list, show and update a resource. Return its id. `changes` is None for a resource without updates."""
    create, show = getattr(client, f"create_{resource}"), getattr(client, f"show_{resource}")
    plural = plural or f"{resource}s"
    key = "policy" if resource == "qos_policy" else resource
    response = run(f"create_{resource}", lambda: create({key: body}))
    identifier = str(response[key]["id"]) if response else ""
    run(f"list_{plural}", lambda: getattr(client, f"list_{plural}")(id=identifier))
    run(f"show_{resource}", lambda: show(identifier))
    if changes:
        run(f"update_{resource}", lambda: getattr(client, f"update_{resource}")(identifier, {key: changes}))
    return identifier


def delete(client: Any, resource: str, identifier: str) -> None:
    run(f"delete_{resource}", lambda: getattr(client, f"delete_{resource}")(identifier))


def require_port(client: Any, address: str, port: str) -> None:
    if client.show_floatingip(address)["floatingip"]["port_id"] != port:
        raise ValueError("the floating IP is not associated")


def require_conflict(client: Any, network: str) -> None:
    """Delete a network in use, which Neutron refuses with an error class of the client's own."""
    try:
        client.delete_network(network)
    except NeutronClientException as error:
        if type(error).__name__ != "NetworkInUseClient":
            raise
    else:
        raise ValueError("the network in use is deleted")


if __name__ == "__main__":
    main()
