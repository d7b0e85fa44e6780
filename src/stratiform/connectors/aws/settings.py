"""What must be told about one AWS account and region, and the machine types that need no registering.

Source: EC2 user guide, "Burstable performance instances" (t3 sizes), AWS general reference (endpoints).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from stratiform.contract.compute import ServerSize
from stratiform.contract.connector import Setting
from stratiform.contract.errors import RequestRejected
from stratiform.kit.errors import Invalid

SETTINGS = (
    Setting("access_key", "Access key ID of an IAM user that may use EC2 and STS."),
    Setting("secret_key", "Secret access key that belongs to it.", secret=True),
    Setting("session_token", "Session token, where the key is a temporary one.", secret=True, required=False),
    Setting("region", "Region, such as eu-central-1."),
    Setting("az", "Availability zone that machines and disks are made in, such as eu-central-1a."),
    Setting("endpoint", "URL to use instead of Amazon's own, for what speaks EC2.", required=False),
)

#: Type, virtual CPUs, MiB of memory; smallest first.
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
    """The settings of one account, checked. What is secret isn't printed."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    az: str
    session_token: str = field(default="", repr=False)
    endpoint: str = ""


def parse(given: Mapping[str, str]) -> AwsSettings:
    """Raises Invalid, naming the setting, where one is missing, unknown or wrong."""
    known = {setting.name: setting for setting in SETTINGS}
    for name in given:
        if name not in known:
            raise Invalid(f"aws has no setting '{name}'", hint=f"it has: {', '.join(known)}")
    for setting in SETTINGS:
        if setting.required and not given.get(setting.name):
            raise Invalid(f"aws needs the setting '{setting.name}'", hint=setting.help)
    endpoint = given.get("endpoint", "")
    if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname):
        raise Invalid("the setting 'endpoint' must be a URL that begins with http:// or https://")
    return AwsSettings(**{name: value for name, value in given.items() if value})


def machine_type(size: ServerSize) -> str:
    """The type the flavor is mapped to, or the smallest t3 that fits. Raises Refused where none does."""
    if size.native:
        return size.native
    for name, vcpus, ram_mib in SIZES:
        if vcpus >= size.vcpus and ram_mib >= size.ram_mib:
            return name
    raise RequestRejected(
        f"no t3 type has {size.vcpus} vCPU and {size.ram_mib} MiB of memory",
        hint="register a type for this flavor: stratiform clouds flavors register --native TYPE",
    )
