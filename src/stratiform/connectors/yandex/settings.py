"""Settings of a folder of Yandex Cloud, and the resources of instances for flavors.

Source: IAM guide, "Authorized keys"; Compute Cloud guide, "vCPU performance levels".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from stratiform.contract.compute import ServerSize
from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.errors import RequestRejected
from stratiform.contract.setting_values import check_authority, check_url
from stratiform.kit.errors import Invalid, describe_cause
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.number_parsing import parse_uint

DEFAULT_ENDPOINT = "https://api.cloud.yandex.net"

SETTINGS = (
    Setting("folder_id", "ID of the folder for all resources."),
    Setting(
        "service_account_key", "Authorized key of a service account: the JSON of `yc iam key create`.", secret=True
    ),
    Setting("zone", "Availability zone for servers, volumes and addresses, such as ru-central1-a."),
    Setting(
        "platform_id",
        "Platform of servers whose flavor is not registered with one, such as standard-v3.",
        required=False,
        default="standard-v3",
    ),
    Setting(
        "endpoint",
        "URL of the API endpoint that lists the addresses of the services; http:// only for this machine.",
        required=False,
        default=DEFAULT_ENDPOINT,
    ),
    Setting("cacert", "PEM file of the certificate authorities of the endpoint.", required=False),
    Setting("bucket", "Bucket of Object Storage through which images are uploaded.", required=False),
    Setting("access_key_id", "ID of a static access key for the bucket.", required=False),
    Setting("secret_access_key", "Secret of that key.", secret=True, required=False),
    Setting("storage_endpoint", "URL of Object Storage.", required=False, default="https://storage.yandexcloud.net"),
)

_BUCKET_SETTINGS = ("bucket", "access_key_id", "secret_access_key")

#: `standard-v3`, or `standard-v3/20` with the guaranteed share of a vCPU in percent.
_NATIVE_TYPE = re.compile(r"(?P<platform>[a-z][-a-z0-9]*)(?:/(?P<fraction>[1-9][0-9]{0,2}))?")
_FULL_FRACTION = 100

_MIB, _GIB_IN_MIB = 1024**2, 1024
_MAX_GIB_PER_CORE = 16
_MIN_CORES = 2


class ServiceAccountKey(msgspec.Struct, frozen=True):
    """An authorized key of a service account. The private key has the form of PKCS #8 in PEM."""

    id: str
    service_account_id: str
    private_key: str

    def __repr__(self) -> str:
        return f"ServiceAccountKey(id={self.id!r}, service_account_id={self.service_account_id!r})"


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """A bucket of Object Storage."""

    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    storage_endpoint: str


@dataclass(frozen=True, slots=True)
class YandexSettings:
    """Validated settings of one folder."""

    folder_id: str
    service_account_key: ServiceAccountKey = field(repr=False)
    zone: str
    platform_id: str
    endpoint: str
    cacert: str
    bucket: BucketSettings | None

    @property
    def is_plaintext(self) -> bool:
        """True if the services are reached without TLS."""
        return urlsplit(self.endpoint).scheme == "http"

    @property
    def host(self) -> str:
        """The host name of the endpoint."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def address(self) -> str:
        """The endpoint as a gRPC target, `host:port`."""
        return f"{self.host}:{urlsplit(self.endpoint).port or 443}"


@dataclass(frozen=True, slots=True)
class InstanceResources:
    """Resources of an instance. `core_fraction` is the guaranteed share of each vCPU in percent."""

    platform_id: str
    cores: int
    core_fraction: int
    memory_bytes: int

    @property
    def native_type(self) -> str:
        """The text that registers this platform and share for a flavor."""
        return self.platform_id if self.core_fraction == _FULL_FRACTION else f"{self.platform_id}/{self.core_fraction}"


def parse_settings(settings: Mapping[str, str]) -> YandexSettings:
    """Validate the settings of a folder. Raises: Invalid, with the name of the setting."""
    values = validate_settings("yandex", SETTINGS, settings)
    check_url("endpoint", values["endpoint"])
    check_authority("cacert", values["cacert"])
    key = _parse_key(values.pop("service_account_key"))
    bucket = _parse_bucket(values)
    parsed = YandexSettings(service_account_key=key, bucket=bucket, **values)
    if parsed.is_plaintext and not _is_loopback(parsed.host):
        raise Invalid(
            f"setting 'endpoint' must be an https:// URL: '{parsed.endpoint}'",
            hint="http:// is only allowed for an address of this machine, because tokens are sent to it",
        )
    return parsed


def resolve_resources(size: ServerSize, default_platform: str) -> InstanceResources:
    """Return the smallest resources that have at least the vCPUs and the memory of a size.

    Yandex Cloud has even numbers of vCPUs, whole GiB of memory, 1 to 16 GiB for each vCPU (less with a share of a
    vCPU). Raises: RequestRejected for an invalid native type.
    """
    match = _NATIVE_TYPE.fullmatch(size.native_type or default_platform)
    if match is None:
        raise RequestRejected(
            f"invalid platform '{size.native_type}'",
            hint="register the flavor with a platform of Yandex Cloud, such as standard-v3 or standard-v3/20",
        )
    fraction = parse_uint(match["fraction"] or "") or _FULL_FRACTION
    memory_gib = max(1, -(-size.ram_mib // _GIB_IN_MIB))
    cores = max(_MIN_CORES, size.vcpus, -(-memory_gib // _MAX_GIB_PER_CORE))
    cores += cores % 2
    if fraction == _FULL_FRACTION:
        memory_gib = max(memory_gib, cores)
    return InstanceResources(match["platform"], cores, fraction, memory_gib * _GIB_IN_MIB * _MIB)


def _parse_key(text: str) -> ServiceAccountKey:
    """Parse an authorized key; errors do not contain it."""
    try:
        key = msgspec.json.decode(text.encode(errors="replace"), type=ServiceAccountKey)
    except NOT_JSON as error:
        reason = describe_cause(error) if isinstance(error, msgspec.ValidationError) else "not valid JSON"
        raise Invalid(
            f"setting 'service_account_key' is not an authorized key: {reason}",
            hint="create it: yc iam key create --service-account-name NAME --output key.json",
        ) from None
    if not (key.id and key.service_account_id and "-----BEGIN PRIVATE KEY-----" in key.private_key):
        raise Invalid("setting 'service_account_key' must have an id, a service_account_id and a private_key in PEM")
    # `yc` writes a warning before the key.
    private_key = key.private_key[key.private_key.index("-----BEGIN PRIVATE KEY-----") :]
    return ServiceAccountKey(key.id, key.service_account_id, private_key)


def _parse_bucket(values: dict[str, str]) -> BucketSettings | None:
    """Remove the settings of the bucket from `values`; return None if there is none."""
    check_url("storage_endpoint", values["storage_endpoint"])
    bucket = BucketSettings(
        **{name: values.pop(name) for name in _BUCKET_SETTINGS}, storage_endpoint=values.pop("storage_endpoint")
    )
    missing = [name for name in _BUCKET_SETTINGS if not getattr(bucket, name)]
    if missing and len(missing) < len(_BUCKET_SETTINGS):
        raise Invalid(f"setting '{missing[0]}' is missing for yandex", hint="a bucket needs a static access key")
    return None if missing else bucket


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
