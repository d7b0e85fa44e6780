"""Parameters, filters, pages and addresses of the EC2 API."""

from typing import Any

import pytest

from stratiform.interfaces.ec2.parameters import Parameters
from stratiform.interfaces.ec2.xml_format import render_response
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute.model.ec2_ids import decode_ec2_id, encode_ec2_id
from support.compute_api import ComputeApi
from support.ec2 import Ec2Api, get_code, texts

UUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def test_identifiers_are_one_to_one() -> None:
    assert encode_ec2_id("i", UUID) == "i-0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d"
    assert decode_ec2_id("i", encode_ec2_id("i", UUID)) == UUID
    for invalid in ("i-0a1b", "vol-0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d", UUID, "i-0A1B2C3D4E5F4A6B8C7D9E0F1A2B3C4D", ""):
        assert decode_ec2_id("i", invalid) is None


def test_parameters_are_structures() -> None:
    pairs = {"Filter.2.Name": "b", "Filter.1.Name": "a", "Filter.1.Value.2": "y", "Filter.1.Value.1": "x", "Id.1": "z"}
    parameters = Parameters.parse(pairs.items())
    filters = parameters.list_structures("Filter")
    assert [(item.get("Name"), item.list_values("Value")) for item in filters] == [("a", ["x", "y"]), ("b", [])]
    assert parameters.list_values("Id") == ["z"]


def test_responses_are_valid_xml() -> None:
    body = render_response("X", "req", {"a": "<&\x00\x1b", "b": True, "c": [1, {"d": None}], "e": None})
    assert body.decode().endswith(
        "<requestId>req</requestId><a>&lt;&amp;</a><b>true</b><c><item>1</item><item></item></c></XResponse>"
    )


def test_query_strings_are_signed_too(ec2: Ec2Api) -> None:
    assert ec2.send("DescribeRegions", method="GET").status_code == 200


def test_pages(ec2: Ec2Api, compute: ComputeApi) -> None:
    for _ in range(7):
        compute.ok("POST", "/servers", compute.server_body())
    path = "reservationSet/item/instancesSet/item/instanceId"
    first = ec2.ok("DescribeInstances", MaxResults=5)
    [token] = texts(first, "nextToken")
    second = ec2.ok("DescribeInstances", MaxResults=5, NextToken=token)
    ids = [*texts(first, path), *texts(second, path)]
    assert (len(texts(first, path)), len(set(ids)), texts(second, "nextToken")) == (5, 7, [])
    assert texts(ec2.ok("DescribeInstances"), path) == ids
    invalid: list[dict[str, Any]] = [{"MaxResults": 4}, {"MaxResults": 1001}, {"MaxResults": "x"}, {"NextToken": "x"}]
    for values in invalid:
        assert get_code(ec2.send("DescribeInstances", **values)) == "InvalidParameterValue", values


def test_filters(ec2: Ec2Api, compute: ComputeApi) -> None:
    web, db = (compute.create_active(name=name, metadata={"Name": name, "tier": "[1]"}) for name in ("web", "db"))
    matches = {
        ("tag:Name", "w?b"): [web],
        ("tag:Name", "w*"): [web],
        ("tag:tier", "[1]"): [web, db],
        ("tag-key", "Name"): [web, db],
        ("instance-state-name", "running"): [web, db],
        ("instance-state-code", "48"): [],
        ("availability-zone", "zone-a"): [web, db],
        ("instance-id", encode_ec2_id("i", db)): [db],
        ("instance.group-name", "default"): [web, db],
    }
    for (name, value), server_ids in matches.items():
        body = ec2.ok("DescribeInstances", Filter__1__Name=name, Filter__1__Value__1=value)
        ids = texts(body, "reservationSet/item/instancesSet/item/instanceId")
        assert ids == [encode_ec2_id("i", server_id) for server_id in server_ids], name
    response = ec2.send("DescribeInstances", Filter__1__Name="color", Filter__1__Value__1="red")
    assert get_code(response) == "InvalidParameterValue"


def test_addresses(ec2: Ec2Api, compute: ComputeApi) -> None:
    api, server_id = compute.callers, compute.create_active()
    assert get_code(ec2.send("AllocateAddress", Domain="vpc")) == "InsufficientAddressCapacity"
    body = {"network": {"name": "public", "router:external": True}}
    network = api.ok("POST", "/network/v2.0/networks", "admin", json=body)["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "198.51.100.0/24"}
    api.ok("POST", "/network/v2.0/subnets", "admin", json={"subnet": subnet})
    body = {"router": {"external_gateway_info": {"network_id": network["id"]}}}
    router = api.ok("POST", "/network/v2.0/routers", json=body)["router"]
    port = api.ok("GET", f"/network/v2.0/ports?device_id={server_id}")["ports"][0]
    interface = {"subnet_id": port["fixed_ips"][0]["subnet_id"]}
    api.ok("PUT", f"/network/v2.0/routers/{router['id']}/add_router_interface", json=interface)
    allocated = ec2.ok("AllocateAddress", Domain="vpc")
    [allocation_id], [public_ip] = texts(allocated, "allocationId"), texts(allocated, "publicIp")
    instance_id = encode_ec2_id("i", server_id)
    ec2.ok("AssociateAddress", AllocationId=allocation_id, InstanceId=instance_id)
    assert texts(ec2.ok("DescribeAddresses"), "addressesSet/item/instanceId") == [instance_id]
    assert texts(ec2.ok("DescribeInstances"), "reservationSet/item/instancesSet/item/ipAddress") == [public_ip]
    assert get_code(ec2.send("ReleaseAddress", AllocationId=allocation_id)) == "InvalidIPAddress.InUse"
    assert get_code(ec2.send("ReleaseAddress", "blue", AllocationId=allocation_id)) == "InvalidAllocationID.NotFound"
    ec2.ok("DisassociateAddress", PublicIp=public_ip)
    ec2.ok("ReleaseAddress", AllocationId=allocation_id)
    assert texts(ec2.ok("DescribeAddresses"), "addressesSet/item/publicIp") == []


def test_image_has_a_default_instance_type(ec2: Ec2Api, compute: ComputeApi) -> None:
    image_id = encode_ec2_id("ami", compute.servers.image_id)
    parameters: dict[str, Any] = {"ImageId": image_id, "MinCount": 1, "MaxCount": 1}
    assert get_code(ec2.send("RunInstances", **parameters)) == "MissingParameter"
    natives = compute.servers.harness.services.clouds.native_ids
    with compute.servers.ctx(SYSTEM) as ctx:
        native = ResourceType.IMAGE, compute.servers.image_id, "memory-cirros"
        natives.register(ctx, compute.servers.cloud_id, *native, default_flavor_id="2")
    ec2.ok("RunInstances", **parameters)
    ec2.ok("RunInstances", **parameters, InstanceType="m1.tiny")
    assert sorted(row.flavor["name"] for row in compute.servers.rows()) == ["m1.small", "m1.tiny"]
    with compute.servers.ctx(SYSTEM) as ctx:
        compute.servers.compute.flavors.delete(ctx, "2")
    assert get_code(ec2.send("RunInstances", **parameters)) == "MissingParameter"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("MinCount", "0", "InvalidParameterValue"),
        ("UserData", "%%%", "InvalidUserData.Malformed"),
        ("ImageId", "", "MissingParameter"),
        ("SubnetId", "subnet-1", "InvalidSubnetID.Malformed"),
        ("KernelId", "aki-1", "UnsupportedOperation"),
        ("DryRun", "maybe", "InvalidParameterValue"),
        ("ClientToken", "x" * 65, "InvalidParameterValue"),
    ],
)
def test_invalid_parameters_of_new_instances(
    ec2: Ec2Api, compute: ComputeApi, name: str, value: str, code: str
) -> None:
    image_id = encode_ec2_id("ami", compute.servers.image_id)
    values: dict[str, Any] = {"ImageId": image_id, "InstanceType": "m1.tiny", "MinCount": 1, "MaxCount": 1, name: value}
    assert get_code(ec2.send("RunInstances", **values)) == code
    assert compute.servers.rows() == []
