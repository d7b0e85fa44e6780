"""Subnets and network interfaces of EC2, by our tokens and addresses."""

from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, NetworkInterfaceTypeDef, SubnetTypeDef

    from stratiform.connectors.aws.client import Client


def find_subnet(client: "Client", token: str) -> "SubnetTypeDef | None":
    filters = client.build_tag_filters({tags.TOKEN: token})
    with client.translating_errors():
        subnets = client.ec2.describe_subnets(Filters=filters)["Subnets"]
    return subnets[0] if subnets else None


def find_interface(client: "Client", subnet_id: str, address: str) -> "NetworkInterfaceTypeDef | None":
    """Return the interface with a private address in a native subnet."""
    filters: list[FilterTypeDef] = [
        {"Name": "subnet-id", "Values": [subnet_id]},
        {"Name": "addresses.private-ip-address", "Values": [address]},
    ]
    with client.translating_errors():
        interfaces = client.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    matches = [item for item in interfaces if item.get("PrivateIpAddress") == address and item["SubnetId"] == subnet_id]
    return matches[0] if matches else None
