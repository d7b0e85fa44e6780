"""Settings of an AWS account and region, and the instance types that flavors use without being mapped.

Source: EC2 user guide, "Burstable performance instances" (t3 sizes), AWS general reference (endpoints).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.contract.compute import ServerSize
from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.errors import RequestRejected
from stratiform.contract.setting_values import check_url

SETTINGS = (
    Setting("access_key", "Access key ID of an IAM user with access to EC2, STS and CloudWatch."),
    Setting("secret_key", "Secret access key of that user.", secret=True),
    Setting("session_token", "Session token, for temporary access keys.", secret=True, required=False),
    Setting("region", "Region, such as eu-central-1."),
    Setting("az", "Availability zone for servers and volumes, such as eu-central-1a."),
    Setting("endpoint", "URL of an EC2-compatible API to use instead of Amazon's.", required=False),
)

#: Instance type, vCPUs, MiB of memory; smallest first.
SIZES = (
    ("t3.nano", 2, 512),
    ("t3.micro", 2, 1024),
    ("t3.small", 2, 2048),
    ("t3.medium", 2, 4096),
    ("t3.large", 2, 8192),
    ("t3.xlarge", 4, 16384),
    ("t3.2xlarge", 8, 32768),
)


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Validated settings of one account and region."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    region: str
    az: str
    endpoint: str


def parse_settings(settings: Mapping[str, str]) -> AwsSettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values = validate_settings("aws", SETTINGS, settings)
    if values["endpoint"]:
        check_url("endpoint", values["endpoint"])
    return AwsSettings(**values)


def resolve_instance_type(size: ServerSize) -> str:
    """Return the native type of a size, or the smallest t3 type that fits. Raises: RequestRejected if none fits."""
    if size.native_type:
        return size.native_type
    for name, vcpus, ram_mib in SIZES:
        if vcpus >= size.vcpus and ram_mib >= size.ram_mib:
            return name
    raise RequestRejected(
        f"no t3 instance type has {size.vcpus} vCPUs and {size.ram_mib} MiB of memory",
        hint="register an instance type for this flavor: stratiform clouds flavors register --native TYPE",
    )
