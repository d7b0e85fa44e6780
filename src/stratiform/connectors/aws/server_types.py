"""Server types capability of AWS: instance types that are offered in the account's availability zone.

Source: EC2 API reference (DescribeInstanceTypes, DescribeInstanceTypeOfferings).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.contract.server_types import NativeServerType

if TYPE_CHECKING:
    from stratiform.connectors.aws.client import Client


class AwsServerTypeDriver:
    """Implements contract.server_types.ServerTypeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self) -> Iterator[NativeServerType]:
        offered = self._list_offered()
        server_types = []
        with self._client.translating_errors():
            for page in self._client.ec2.get_paginator("describe_instance_types").paginate():
                for item in page["InstanceTypes"]:
                    name = item["InstanceType"]
                    if name in offered:
                        vcpus, ram_mib = item["VCpuInfo"]["DefaultVCpus"], item["MemoryInfo"]["SizeInMiB"]
                        server_types.append(NativeServerType(name, name, vcpus, ram_mib))
        return iter(sorted(server_types, key=lambda server_type: server_type.id))

    def _list_offered(self) -> set[str]:
        """Return the instance types of the availability zone."""
        zone = self._client.availability_zone
        with self._client.translating_errors():
            pages = self._client.ec2.get_paginator("describe_instance_type_offerings").paginate(
                LocationType="availability-zone", Filters=[{"Name": "location", "Values": [zone]}]
            )
            return {item["InstanceType"] for page in pages for item in page["InstanceTypeOfferings"]}
