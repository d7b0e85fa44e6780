"""The settings of the programs. `docs/reference/settings.md` is generated from this module."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from stratiform.app.http_options import HttpOptions
from stratiform.app.identity_options import IdentityOptions
from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.kit import settings as kit_settings
from stratiform.kit.errors import Invalid, describe_cause
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.server_proof import format_address
from stratiform.kit.settings import setting_field
from stratiform.services.image.model import LOCAL_STORE, StoreSettings
from stratiform.services.image.model import QUOTA_DEFAULTS as IMAGE_QUOTAS
from stratiform.services.manifest import ImageSettings
from stratiform.services.volume.model import QuotaDefaults

#: Environment variables with our prefix that are not settings: they are read by the command line and the tests.
OTHER_VARIABLES = ("STRATIFORM_HOME", "STRATIFORM_CLOUD_", "STRATIFORM_TEST_")

#: The address of the last start of the API, in the home.
LISTEN_FILE = "listen.toml"

#: Hosts that stand for all addresses of the machine, with the one at which its own programs connect.
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared only

_BUS = r"(rabbit|amqps?)://.+"
_TOPICS = ("notifications", "versioned_notifications")
_EXCHANGES = ("nova", "cinder", "openstack")


@dataclass(frozen=True, slots=True)
class MessageBus:
    """A message bus, and which notifications are consumed from it."""

    url: Annotated[str, Meta(pattern=f"^{_BUS}$")] = setting_field(
        help="Transport URL of the bus, as in oslo.messaging: rabbit://USER:PASSWORD@HOST:5672[,…]/VHOST?OPTION=VALUE.",
        secret=True,
    )
    cloud: str = setting_field("openstack", "Name of the cloud that sends the notifications.")
    topics: tuple[str, ...] = setting_field(_TOPICS, "Topics to consume; messages on several topics are deduplicated.")
    exchanges: tuple[str, ...] = setting_field(
        _EXCHANGES, "Exchanges to consume from: each service's control_exchange."
    )
    pool: str = setting_field(
        "stratiform",
        "Name of the collector's own queue, which receives a copy of every message; empty: the topic queues.",
    )
    priorities: tuple[str, ...] = setting_field(PRIORITIES, "Priorities of the notifications to consume.")


@dataclass(frozen=True, slots=True)
class Settings(HttpOptions, IdentityOptions):
    """Read from `HOME/stratiform.toml` and from the environment (`STRATIFORM_` and the key in capitals)."""

    home: Path
    host: str = setting_field(
        "127.0.0.1", "IPv4 or IPv6 address that the API listens on; if unset, the address of the last start is used."
    )
    port: Annotated[int, Meta(ge=1, le=65535)] = setting_field(
        8780, "Port that the API listens on; if unset, the port of the last start is used."
    )
    public_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "URL of the API in the service catalog; empty: http://HOST:PORT, or https with tls_certificate."
    )
    tls_certificate: str = setting_field(
        "", "PEM file with the TLS certificate and its chain, relative to the home; empty: no TLS."
    )
    tls_key: str = setting_field("", "PEM file with the unencrypted private key of that certificate.")
    tls_ca: str = setting_field(
        "", "PEM file with the CA certificate that clients on this machine trust; empty: the system's CA certificates."
    )
    region: str = setting_field("RegionOne", "Name of the region in the service catalog.")
    database_url: str = setting_field(
        "", "URL of the database; empty: sqlite:///HOME/stratiform.db.", secret=True, fallback="DATABASE_URL"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting_field(
        "INFO", "Lowest level of the messages that are logged: DEBUG, INFO, WARNING or ERROR."
    )
    worker_threads: Annotated[int, Meta(ge=1, le=50)] = setting_field(8, "Number of worker threads.")
    collector_url: Annotated[str, Meta(pattern=f"^({_BUS})?$")] = setting_field(
        "",
        "Message bus with OpenStack notifications (rabbit://USER:PASSWORD@HOST:5672/).",
        secret=True,
        fallback="RABBITMQ_URL",
    )
    collector_cloud: str = setting_field("openstack", "Name of the cloud that sends these notifications.")
    collector_topics: tuple[str, ...] = setting_field(
        _TOPICS, "Topics to consume; messages on several topics are deduplicated."
    )
    collector_exchanges: tuple[str, ...] = setting_field(
        _EXCHANGES, "Exchanges to consume from: each service's control_exchange."
    )
    collector_pool: str = setting_field(
        "stratiform",
        "Name of the collector's own queue, which receives a copy of every message; empty: the topic queues.",
    )
    collector_priorities: tuple[str, ...] = setting_field(PRIORITIES, "Priorities of the notifications to consume.")
    sources: tuple[MessageBus, ...] = setting_field(
        (), "Additional message buses, each with its own consumer; the `collector_…` settings define the first."
    )
    notification_url: Annotated[str, Meta(pattern=f"^({_BUS})?$")] = setting_field(
        "", "Message bus on which this installation publishes its own notifications; empty: none.", secret=True
    )
    notification_topics: tuple[str, ...] = setting_field(("notifications",), "Topics of these notifications.")
    almanach_port: Annotated[int, Meta(ge=0, le=65535)] = setting_field(
        0, "Port of a second listener with Almanach's API at its root (Almanach uses 8000); 0: none, only /almanach."
    )
    almanach_host: str = setting_field("", "Address of that listener; empty: the address in `host`.")
    almanach_auth: Literal["keystone", "private_key", "token,keystone"] = setting_field(
        "keystone", "Authentication of Almanach's API: tokens (keystone), almanach_private_key (private_key), or both."
    )
    almanach_private_key: str = setting_field(
        "", "Key with full access to Almanach's API, sent as X-Auth-Token.", secret=True
    )
    almanach_keystone_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "Keystone v3 that validates tokens of Almanach's API; empty: Stratiform's own identity service."
    )
    almanach_keystone_username: str = setting_field("", "User that validates tokens at that Keystone.")
    almanach_keystone_password: str = setting_field("", "Password of that user.", secret=True)
    almanach_keystone_project: str = setting_field("service", "Project of that user.")
    almanach_keystone_user_domain: str = setting_field("Default", "Name of that user's domain.")
    almanach_keystone_user_domain_id: str = setting_field(
        "", "ID of that user's domain, to be used instead of its name."
    )
    almanach_keystone_project_domain: str = setting_field("Default", "Name of that project's domain.")
    almanach_cloud: str = setting_field(
        "", "Name of the cloud for resources that are created through Almanach's API; empty: collector_cloud."
    )
    almanach_metadata: tuple[str, ...] = setting_field((), "Keys of server metadata that Almanach's API returns.")
    almanach_image_meta: tuple[str, ...] = setting_field(
        ("distro", "version", "os_type"),
        "Image properties that Almanach's API returns; os_distro and os_version are also possible.",
    )
    clouds_port: Annotated[int, Meta(ge=0, le=65535)] = setting_field(
        9366,
        "Port of a second listener with the REST API, as the Clouds API of AccentOS; 0: none. If it is in use, the "
        "API logs a warning and starts without this listener.",
    )
    clouds_host: str = setting_field("", "Address of that listener; empty: the address in `host`.")
    raw_messages_days: Annotated[int, Meta(ge=0)] = setting_field(
        400, "Number of days for which the ledger keeps raw messages (0: forever); events and segments are always kept."
    )
    token_ttl_s: Annotated[int, Meta(ge=60)] = setting_field(3600, "Lifetime of a token in seconds, 60 or more.")
    image_size_cap: Annotated[int, Meta(ge=1)] = setting_field(
        2**40, "Maximum size of an image in bytes (default 1 TiB), like Glance's image_size_cap."
    )
    image_store_reserve: Annotated[int, Meta(ge=0)] = setting_field(
        2**30, "Number of bytes to keep free on the disk with image data; uploads that need them are refused."
    )
    image_require_format_match: bool = setting_field(
        True, "Whether image data must have the declared disk_format, like Glance's require_image_format_match."
    )
    image_import_networks: tuple[str, ...] = setting_field(
        (), "Networks from which web-download imports images in addition to public addresses, such as 10.0.0.0/8."
    )
    image_default_store: str = setting_field(
        LOCAL_STORE, "Store that receives image data unless a request names others, like Glance's default_backend."
    )
    show_image_direct_url: bool = setting_field(
        False, "Whether images contain `direct_url`, the address of their data in a store, as in Glance."
    )
    show_multiple_locations: bool = setting_field(
        False, "Whether images contain `locations`, which users can then change, as in Glance."
    )
    do_secure_hash: bool = setting_field(
        True, "Whether data registered with `POST /v2/images/ID/locations` is hashed, as in Glance."
    )
    quota_image_size_total: Annotated[int, Meta(ge=-1)] = setting_field(
        IMAGE_QUOTAS["image_size_total"],
        "Maximum total size in MiB of images per project, as in Glance; -1: unlimited. Unified limits take precedence.",
    )
    quota_image_stage_total: Annotated[int, Meta(ge=-1)] = setting_field(
        IMAGE_QUOTAS["image_stage_total"], "Maximum total size in MiB of staged image data per project, as in Glance."
    )
    quota_image_count_total: Annotated[int, Meta(ge=-1)] = setting_field(
        IMAGE_QUOTAS["image_count_total"], "Maximum number of images per project, as in Glance."
    )
    quota_image_count_uploading: Annotated[int, Meta(ge=-1)] = setting_field(
        IMAGE_QUOTAS["image_count_uploading"],
        "Maximum number of concurrent image uploads and imports per project, as in Glance.",
    )
    quota_volumes: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of volumes per project, as in Cinder; -1: unlimited."
    )
    quota_gigabytes: Annotated[int, Meta(ge=-1)] = setting_field(
        1000, "Default maximum total size in GiB of volumes and snapshots per project, as in Cinder."
    )
    quota_snapshots: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of snapshots per project, as in Cinder."
    )
    quota_backups: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of backups per project, as in Cinder."
    )
    quota_backup_gigabytes: Annotated[int, Meta(ge=-1)] = setting_field(
        1000, "Default maximum total size in GiB of backups per project, as in Cinder."
    )
    quota_groups: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of volume groups per project, as in Cinder."
    )
    per_volume_size_limit: Annotated[int, Meta(ge=-1)] = setting_field(
        -1, "Maximum size of a volume in GiB, as in Cinder; -1: unlimited."
    )
    enable_instance_password: bool = setting_field(
        True, "Whether responses to requests that create, rebuild or rescue a server contain `adminPass`, as in Nova."
    )
    reclaim_instance_interval: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Number of seconds for which a deleted server is kept and can be restored, as in Nova; 0: not at all."
    )
    quota_instances: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of servers per project, as in Nova; -1: unlimited."
    )
    quota_cores: Annotated[int, Meta(ge=-1)] = setting_field(
        20,
        "Default maximum number of vCPUs per project, as in Nova; -1: unlimited.",
    )
    quota_ram: Annotated[int, Meta(ge=-1)] = setting_field(
        51200,
        "Default maximum memory in MiB of all servers per project, as in Nova; -1: unlimited.",
    )
    quota_key_pairs: Annotated[int, Meta(ge=-1)] = setting_field(
        100,
        "Default maximum number of key pairs per user, as in Nova; -1: unlimited.",
    )
    quota_server_groups: Annotated[int, Meta(ge=-1)] = setting_field(
        10, "Default maximum number of server groups per project, as in Nova; -1: unlimited."
    )
    quota_server_group_members: Annotated[int, Meta(ge=-1)] = setting_field(
        10,
        "Default maximum number of servers per server group, as in Nova; -1: unlimited.",
    )
    metadata_proxy_shared_secret: str = setting_field(
        "",
        "Secret with which Neutron's metadata agent signs requests, as in Nova; empty: all requests are refused.",
        secret=True,
    )
    metadata_port: Annotated[int, Meta(ge=0, le=65535)] = setting_field(
        0, "Port of a listener with the metadata service at its root (Nova uses 8775); 0: none, only /metadata."
    )
    metadata_host: str = setting_field("", "Address of that listener; empty: the address in `host`.")
    console_token_ttl: Annotated[int, Meta(ge=1)] = setting_field(
        600, "Lifetime of a console URL in seconds, like Nova's token_ttl."
    )
    novncproxy_base_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "URL of the noVNC page for consoles, as in Nova; empty: the page in novnc_folder, served by the API."
    )
    serial_console_base_url: Annotated[str, Meta(pattern="^(wss?://.+)?$")] = setting_field(
        "", "URL of the WebSocket endpoint of serial consoles, like Nova's base_url; empty: that of the API."
    )
    console_allowed_origins: tuple[str, ...] = setting_field(
        (), "Additional hosts whose web pages may connect to consoles, like Nova's allowed_origins."
    )
    novnc_folder: str = setting_field(
        "/usr/share/novnc", "Directory with the files of noVNC, as installed by Debian's novnc package."
    )
    dhcp_domain: str = setting_field("novalocal", "Domain of the host names in the metadata of guests, as in Nova.")
    vendordata_jsonfile_path: str = setting_field(
        "", "File with a JSON object that guests get as vendor data, relative to the home; empty: `{}`."
    )
    image_stores: tuple[StoreSettings, ...] = setting_field(
        (), "Stores of image data in addition to `local`, the `images` directory in the home."
    )

    @property
    def image_settings(self) -> ImageSettings:
        return ImageSettings(
            size_cap=self.image_size_cap,
            reserve=self.image_store_reserve,
            requires_format_match=self.image_require_format_match,
            import_networks=self.image_import_networks,
            stores=self.image_stores,
            default_store=self.image_default_store,
            show_image_direct_url=self.show_image_direct_url,
            show_multiple_locations=self.show_multiple_locations,
            do_secure_hash=self.do_secure_hash,
            quotas={resource: getattr(self, f"quota_{resource}") for resource in IMAGE_QUOTAS},
        )

    @property
    def volume_quotas(self) -> dict[str, int]:
        """Return the quotas of block storage for projects without quotas of their own, by name of the setting."""
        return {item.name: getattr(self, item.name) for item in fields(QuotaDefaults)}

    @property
    def url(self) -> str:
        return self.public_url or self._build_url(self.host)

    @property
    def novnc_url(self) -> str:
        """The address of the noVNC page, without a query string."""
        return self.novncproxy_base_url or f"{self.url}/console/novnc/vnc_lite.html"

    @property
    def serial_url(self) -> str:
        """The address of the websocket of serial consoles, without a query string."""
        return self.serial_console_base_url or f"ws{self.url.removeprefix('http')}/console"

    @property
    def local_url(self) -> str:
        """The URL at which programs of this machine reach the API."""
        return self._build_url(_WILDCARDS.get(self.host, self.host))

    @property
    def has_tls(self) -> bool:
        """Raises Invalid if only the certificate or only the key is set."""
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise Invalid("tls_certificate and tls_key must be set together", hint="set both or neither")
        return bool(self.tls_certificate)

    def _build_url(self, host: str) -> str:
        return f"{'https' if self.has_tls else 'http'}://{format_address(host, self.port)}"

    @property
    def compute_quotas(self) -> dict[str, int]:
        """The default quotas of the compute service by resource."""
        return {
            "instances": self.quota_instances,
            "cores": self.quota_cores,
            "ram": self.quota_ram,
            "key_pairs": self.quota_key_pairs,
            "server_groups": self.quota_server_groups,
            "server_group_members": self.quota_server_group_members,
        }

    def load_vendor_data(self) -> dict[str, object]:
        """Return the vendor data of guests. Raises Invalid if the file is not a JSON object."""
        if not self.vendordata_jsonfile_path:
            return {}
        file = self.home / self.vendordata_jsonfile_path
        try:
            return msgspec.json.decode(file.read_bytes(), type=dict[str, object])
        except (*NOT_JSON, OSError) as error:
            raise Invalid(f"vendordata_jsonfile_path: {file} is not a JSON object: {describe_cause(error)}") from error

    @property
    def message_buses(self) -> dict[str, MessageBus]:
        """Return every configured message bus by the name of the setting with its URL."""
        buses = {}
        if self.collector_url:
            buses["collector_url"] = MessageBus(
                url=self.collector_url,
                cloud=self.collector_cloud,
                topics=self.collector_topics,
                exchanges=self.collector_exchanges,
                pool=self.collector_pool,
                priorities=self.collector_priorities,
            )
        return buses | {f"url of [[sources]] number {number}": source for number, source in enumerate(self.sources, 1)}

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'stratiform.db'}"


def load_settings(home: Path, **overrides: Any) -> Settings:
    """Load the settings of the installation in `home`. Raises Invalid with the key and where it was set."""
    return kit_settings.load_settings(
        Settings,
        home / "stratiform.toml",
        ignored=OTHER_VARIABLES,
        state_file=home / LISTEN_FILE,
        home=home,
        **overrides,
    )
