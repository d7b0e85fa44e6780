"""Instance types of EC2. Source: EC2 API reference, DescribeInstanceTypes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.contract.sizes import NativeSize

if TYPE_CHECKING:
    from stratiform.connectors.aws.client import Client


class AwsSizesDriver:
    """Implements contract.sizes.SizesDriver. Root disks are EBS volumes, whose size the image determines."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self) -> Iterator[NativeSize]:
        with self._client.translating_errors():
            for page in self._client.ec2.get_paginator("describe_instance_types").paginate():
                for item in page["InstanceTypes"]:
                    architectures = ", ".join(item["ProcessorInfo"].get("SupportedArchitectures", []))
                    yield NativeSize(
                        native_type=item["InstanceType"],
                        vcpus=item["VCpuInfo"]["DefaultVCpus"],
                        ram_mib=item["MemoryInfo"]["SizeInMiB"],
                        description=architectures,
                    )
