"""The management server of the tests, driven by clients that are not ours: `cs` and Apache Libcloud.

Its responses have the keys and types of recorded ones, see `recorded_shapes.tsv`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cs import CloudStack, CloudStackApiException
from libcloud.common.types import InvalidCredsError, ProviderError
from libcloud.compute.drivers import cloudstack as libcloud_cloudstack
from libcloud.compute.types import NodeState

from support import cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import API_KEY, CUSTOM_OFFERING, SECRET_KEY, TEMPLATE, ZONE

SHAPES = Path(cloudstack.__file__).parent / "recorded_shapes.tsv"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"

#: Keys of recorded responses that ours lack, with the reason.
ABSENT = {
    ("createNetwork:network", "vpcid"): "only of networks in a VPC",
    ("createNetwork:network", "projectid"): "only of networks in a project",
    ("createTags", "id"): "of one installation only; the API reference has only the id of the job",
    ("deleteTags", "id"): "of one installation only; the API reference has only the id of the job",
    ("job:firewallrule", "ipaddress"): "not of egress rules",
    ("job:firewallrule", "ipaddressid"): "not of egress rules",
    ("job:ipaddress", "issystem"): "only for administrators",
    ("job:ipaddress", "physicalnetworkid"): "only for administrators",
    ("job:ipaddress", "vlanid"): "only for administrators",
    ("job:ipaddress", "vlanname"): "only for administrators",
    ("job:template", "checksum"): "not of templates that are created from snapshots",
    ("job:template", "sourcetemplateid"): "not of templates that are created from data volumes",
    ("job:volume", "storage"): "not before a server uses the volume",
    ("listEgressFirewallRules:firewallrule", "endport"): "not of all protocols",
    ("listEgressFirewallRules:firewallrule", "startport"): "not of all protocols",
    ("listServiceOfferings:serviceoffering", "cpunumber"): "not of customized offerings",
    ("listServiceOfferings:serviceoffering", "cpuspeed"): "not of customized offerings",
    ("listServiceOfferings:serviceoffering", "memory"): "not of customized offerings",
    ("listVolumes:volume", "serviceofferingdisplaytext"): "only of root volumes",
    ("listVolumes:volume", "serviceofferingid"): "only of root volumes",
    ("listVolumes:volume", "serviceofferingname"): "only of root volumes",
    ("listVolumes:volume", "storage"): "not before a server uses the volume",
}

_TYPES = {bool: "bool", int: "int", float: "number", str: "str", list: "list", dict: "object", type(None): "null"}


@pytest.fixture
def api(server: ApiServer) -> CloudStack:
    return CloudStack(server.url, API_KEY, SECRET_KEY, poll_interval=0.02)


@pytest.fixture
def driver(server: ApiServer) -> Iterator[Any]:
    """A CloudStackNodeDriver, whose methods have no types."""
    driver_type: Any = libcloud_cloudstack.CloudStackNodeDriver
    url = urlsplit(server.url)
    driver = driver_type(API_KEY, SECRET_KEY, secure=False, host=url.hostname, port=url.port, path=url.path)
    driver.connection.poll_interval = 0.02
    yield driver
    driver.connection.connection.session.close()


def create_network(api: CloudStack, server: ApiServer) -> str:
    offering = server.get_id("network_offerings", "DefaultIsolatedNetworkOfferingWithSourceNatService")
    response = api.createNetwork(
        name="net", displaytext="net", networkofferingid=offering, zoneid=server.get_id("zones", ZONE)
    )
    return str(response["network"]["id"])


def deploy(api: CloudStack, server: ApiServer, network_id: str, **values: Any) -> dict[str, Any]:
    result = api.deployVirtualMachine(
        zoneid=server.get_id("zones", ZONE),
        templateid=server.get_id("templates", TEMPLATE),
        serviceofferingid=server.get_id("service_offerings", "Micro"),
        networkids=[network_id],
        fetch_result=True,
        **values,
    )
    return dict(result["virtualmachine"])


def run_everything(api: CloudStack, server: ApiServer) -> None:
    """Execute every command with a recorded response at least once."""
    network_id = create_network(api, server)
    api.registerSSHKeyPair(name="key", publickey=PUBLIC_KEY)
    vm = deploy(api, server, network_id, name="web", keypair="key", userdata="IyE=")
    volume = api.createVolume(
        name="data", size=2, diskofferingid=server.get_id("disk_offerings", "Standard"), fetch_result=True
    )["volume"]
    api.attachVolume(id=volume["id"], virtualmachineid=vm["id"], fetch_result=True)
    snapshot = api.createSnapshot(volumeid=volume["id"], fetch_result=True)["snapshot"]
    template = api.createTemplate(
        name="t", displaytext="t", ostypeid="1", snapshotid=snapshot["id"], fetch_result=True
    )["template"]
    address = api.associateIpAddress(networkid=network_id, fetch_result=True)["ipaddress"]
    rule = api.createFirewallRule(
        ipaddressid=address["id"], protocol="tcp", startport=22, endport=22, cidrlist="192.0.2.0/24", fetch_result=True
    )["firewallrule"]
    egress = api.createEgressFirewallRule(networkid=network_id, protocol="all", fetch_result=True)["firewallrule"]
    forwarding = api.createPortForwardingRule(
        ipaddressid=address["id"],
        protocol="tcp",
        publicport=22,
        privateport=22,
        virtualmachineid=vm["id"],
        fetch_result=True,
    )["portforwardingrule"]
    group = api.createSecurityGroup(name="g", description="g")["securitygroup"]
    api.authorizeSecurityGroupIngress(
        securitygroupid=group["id"], protocol="tcp", startport=1, endport=2, cidrlist="0.0.0.0/0", fetch_result=True
    )
    tags = [{"key": "team", "value": "blue"}]
    api.createTags(resourcetype="UserVm", resourceids=vm["id"], tags=tags, fetch_result=True)
    for command in [name for name, _ in read_shapes() if name.startswith("list")]:
        getattr(api, command.split(":")[0])(templatefilter="executable")
    api.deleteTags(resourcetype="UserVm", resourceids=vm["id"], tags=tags, fetch_result=True)
    for command, resource_id in (
        ("deletePortForwardingRule", forwarding["id"]),
        ("deleteFirewallRule", rule["id"]),
        ("deleteEgressFirewallRule", egress["id"]),
        ("disassociateIpAddress", address["id"]),
        ("deleteSnapshot", snapshot["id"]),
        ("deleteTemplate", template["id"]),
        ("rebootVirtualMachine", vm["id"]),
        ("stopVirtualMachine", vm["id"]),
        ("detachVolume", volume["id"]),
    ):
        getattr(api, command)(id=resource_id, fetch_result=True)
    api.scaleVirtualMachine(
        id=vm["id"], serviceofferingid=server.get_id("service_offerings", "Small"), fetch_result=True
    )
    api.startVirtualMachine(id=vm["id"], fetch_result=True)
    api.restoreVirtualMachine(virtualmachineid=vm["id"], fetch_result=True)
    api.destroyVirtualMachine(id=vm["id"], fetch_result=True)
    api.deleteVolume(id=volume["id"])
    api.deleteSecurityGroup(id=group["id"])
    api.deleteNetwork(id=network_id, fetch_result=True)


def read_shapes() -> list[tuple[str, dict[str, tuple[set[str], bool]]]]:
    """Return the types of each key, and whether all recorded objects have it, by command and object."""
    shapes = []
    for line in SHAPES.read_text().splitlines():
        if not line.startswith("#"):
            name, _, keys = line.partition("\t")
            parsed = (item.partition(":") for item in keys.split())
            shapes.append(
                (name, {key: (set(types.rstrip("?").split("|")), not types.endswith("?")) for key, _, types in parsed})
            )
    return shapes


def find_objects(server: ApiServer, name: str) -> list[dict[str, Any]]:
    """Return what our server responded: contents of a command, or objects in them."""
    command, _, key = name.partition(":")
    if command == "job":
        results = [
            content.get("jobresult", {}) for command, content in server.responses if command == "queryAsyncJobResult"
        ]
        return [result[key] for result in results if key in result]
    contents = [content for other, content in server.responses if other == command]
    if not key:
        return contents
    if key == "nic":
        return [nic for content in contents for vm in content.get("virtualmachine", []) for nic in vm["nic"]]
    values = [content[key] for content in contents if key in content]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def test_responses_have_the_keys_and_types_of_recorded_ones(api: CloudStack, server: ApiServer) -> None:
    run_everything(api, server)
    problems, absent = [], set()
    for name, keys in read_shapes():
        objects = find_objects(server, name)
        if not objects:
            problems.append(f"{name}: no response")
        for key, (types, is_required) in keys.items():
            values = [item[key] for item in objects if key in item]
            # Since CloudStack 3.0, ids are UUIDs.
            allowed = types | ({"str"} if key.lower().endswith("id") else set())
            if any(_TYPES[type(value)] not in allowed for value in values):
                problems.append(f"{name}: {key} is {sorted({_TYPES[type(value)] for value in values})}, not {allowed}")
            if is_required and len(values) < len(objects):
                absent.add((name, key))
    assert absent == ABSENT.keys()
    assert not problems, "\n".join(problems)


def test_cs_reads_all_pages(api: CloudStack, server: ApiServer) -> None:
    offering = server.get_id("disk_offerings", "Standard")
    for number in range(7):
        api.createVolume(name=f"v{number}", size=1, diskofferingid=offering)
    volumes = api.listVolumes(fetch_list=True, pagesize=3)
    assert [volume["name"] for volume in volumes] == [f"v{number}" for number in range(7)]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (lambda api: api.listVolumes(pagesize=501), 431),
        (lambda api: api.listVolumes(id="nothing"), 431),
        (lambda api: api.noSuchCommand(), 432),
        (lambda api: api.deployVirtualMachine(), 431),
        (lambda api: api.createNetwork(name="x", networkofferingid="nothing", zoneid="nothing"), 431),
    ],
)
def test_errors_have_a_code(api: CloudStack, request_: Callable[[CloudStack], object], code: int) -> None:
    with pytest.raises(CloudStackApiException) as raised:
        request_(api)
    assert raised.value.error["errorcode"] == code


@pytest.mark.parametrize("values", [{"secret": "wrong"}, {"key": "wrong"}, {"expiration": 0}])
def test_signature_is_checked(server: ApiServer, values: dict[str, Any]) -> None:
    api = CloudStack(server.url, **{"key": API_KEY, "secret": SECRET_KEY, **values})
    with pytest.raises(CloudStackApiException) as raised:
        api.listZones(
            **({"expires": "2020-01-01T00:00:00+0000", "signatureVersion": "3"} if "expiration" in values else {})
        )
    assert raised.value.error["errorcode"] == 401


def test_special_characters_are_signed_as_by_java(api: CloudStack, server: ApiServer) -> None:
    group = api.createSecurityGroup(name="g", description="a b+c*d/é[1]=ü&~")["securitygroup"]
    assert group["description"] == "a b+c*d/é[1]=ü&~"


def test_libcloud_manages_a_server(driver: Any, server: ApiServer) -> None:
    # Libcloud expects that every offering has CPUs.
    server.state.remove("service_offerings", server.get_id("service_offerings", CUSTOM_OFFERING))
    [location] = driver.list_locations()
    size = next(size for size in driver.list_sizes() if size.name == "Small")
    image = next(image for image in driver.list_images() if image.name == TEMPLATE)
    offering = next(item for item in driver.ex_list_network_offerings() if item.name.startswith("Default"))
    network = driver.ex_create_network("net", "net", offering, location)
    node = driver.create_node(name="web", size=size, image=image, location=location, networks=[network])
    assert [(item.id, item.state, item.private_ips) for item in driver.list_nodes()] == [
        (node.id, NodeState.RUNNING, node.private_ips)
    ]
    volume = driver.create_volume(2, "data", location)
    driver.ex_create_tags([node.id], "UserVm", {"team": "blue"})
    assert driver.attach_volume(node, volume)
    assert [item.extra["volume_type"] for item in driver.list_volumes(node)] == ["ROOT", "DATADISK"]
    snapshot = driver.create_volume_snapshot(volume)
    assert [item.id for item in driver.list_snapshots()] == [snapshot.id]
    address = driver.ex_allocate_public_ip(network_id=network.id)
    rule = driver.ex_create_firewall_rule(address, "0.0.0.0/0", "tcp", 22, 22)
    assert [item.id for item in driver.ex_list_firewall_rules()] == [rule.id]
    forwarding = driver.ex_create_port_forwarding_rule(node, address, 22, 22, "tcp")
    assert driver.ex_delete_port_forwarding_rule(node, forwarding)
    assert driver.ex_delete_firewall_rule(rule)
    assert driver.ex_release_public_ip(address)
    driver.ex_stop(node)
    driver.ex_change_node_size(node, next(item for item in driver.list_sizes() if item.name == "Large"))
    driver.ex_start(node)
    assert driver.reboot_node(node)
    assert driver.detach_volume(volume)
    assert driver.destroy_volume_snapshot(snapshot)
    assert driver.destroy_volume(volume)
    assert driver.destroy_node(node)
    assert driver.ex_delete_network(network)
    assert (driver.list_nodes(), driver.ex_list_networks()) == ([], [])


def test_libcloud_gets_errors(driver: Any, server: ApiServer) -> None:
    server.state.accounts[API_KEY].limits["volume"] = 0
    with pytest.raises(ProviderError, match="type 'volume'"):
        driver.create_volume(2, "data", driver.list_locations()[0])
    server.state.accounts.clear()
    with pytest.raises(InvalidCredsError):
        driver.list_nodes()
