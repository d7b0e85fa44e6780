"""Settings of a CloudStack account and zone.

Source: CloudStack API guide ("Signing API requests"), CloudStack administration guide ("Service offerings").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.setting_values import check_authority, check_url
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint

_MAX_TIMEOUT_S = 600

SETTINGS = (
    Setting("endpoint", "URL of the API, such as https://cloud.example.com/client/api."),
    Setting("api_key", "API key of a user of the account."),
    Setting("secret_key", "Secret key of that user.", secret=True),
    Setting("zone", "Name or ID of the zone for servers, networks and volumes."),
    Setting("project_id", "ID of the CloudStack project that owns the resources.", required=False),
    Setting("network", "Name of an existing network that servers use instead of isolated networks.", required=False),
    Setting("network_offering", "Name of the network offering of isolated networks.", required=False),
    Setting("service_offering", "Name of the service offering of flavors without a native type.", required=False),
    Setting("disk_offering", "Name of the disk offering of volumes without a native type.", required=False),
    Setting("hypervisor", "Hypervisor of uploaded images, such as KVM.", required=False),
    Setting("expunge", "Whether deleted servers are expunged immediately.", default="false", choices=("false", "true")),
    Setting("verify", "Whether the certificate of the API is verified.", default="true", choices=("true", "false")),
    Setting("cacert", "File with the CA certificates of the API.", required=False),
    Setting("timeout", "Seconds to wait for a response.", default="30"),
)


@dataclass(frozen=True, slots=True)
class CloudStackSettings:
    """Validated settings of one account and zone. `verify` may be a file with CA certificates."""

    endpoint: str
    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    zone: str
    project_id: str
    network: str
    network_offering: str
    service_offering: str
    disk_offering: str
    hypervisor: str
    expunge: bool
    verify: bool | str
    timeout_s: int


def parse_settings(settings: Mapping[str, str]) -> CloudStackSettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values = validate_settings("cloudstack", SETTINGS, settings)
    check_url("endpoint", values["endpoint"])
    cacert, timeout = values.pop("cacert"), values.pop("timeout")
    check_authority("cacert", cacert)
    timeout_s = parse_uint(timeout) or 0
    if not 1 <= timeout_s <= _MAX_TIMEOUT_S:
        raise Invalid(f"setting 'timeout' must be a number from 1 to {_MAX_TIMEOUT_S}: '{timeout}'")
    expunge, verify = values.pop("expunge") == "true", values.pop("verify") == "true"
    if cacert and not verify:
        raise Invalid("setting 'cacert' has no effect if 'verify' is false")
    return CloudStackSettings(**values, expunge=expunge, verify=cacert or verify, timeout_s=timeout_s)
