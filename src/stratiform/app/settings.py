"""Every setting of the programs, with its meaning; `docs/reference/settings.md` is generated from here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from stratiform.kit import settings as kit_settings
from stratiform.kit.settings import setting

#: Variables that begin as the settings' do and are read elsewhere: by the command line, and by the tests.
OTHER_VARIABLES = ("STRATIFORM_HOME", "STRATIFORM_CLOUD_", "STRATIFORM_TEST_")

_BUS = r"(rabbit|amqps?)://.+"
_TOPICS = ("notifications", "versioned_notifications")
_EXCHANGES = ("nova", "cinder", "openstack")


@dataclass(frozen=True, slots=True)
class Source:
    """A message bus, and what is heard on it."""

    url: Annotated[str, Meta(pattern=f"^{_BUS}$")] = setting(
        help="The bus, as oslo.messaging's transport_url: rabbit://USER:PASSWORD@HOST:5672[,…]/VHOST?OPTION=VALUE.",
        secret=True,
    )
    cloud: str = setting("openstack", "Name of the cloud that the notifications speak of.")
    topics: tuple[str, ...] = setting(_TOPICS, "Topics to hear; a thing told on two of them counts once.")
    exchanges: tuple[str, ...] = setting(_EXCHANGES, "Exchanges to hear on: each service's control_exchange.")
    pool: str = setting(
        "stratiform", "Name of our own queue, so that others keep their copies; empty: share the topics' queues."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from `HOME/stratiform.toml` and from the environment (`STRATIFORM_` and the key in capitals)."""

    home: Path
    host: str = setting("127.0.0.1", "Address the API listens on.")
    port: Annotated[int, Meta(ge=1, le=65535)] = setting(8780, "Port the API listens on.")
    public_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting(
        "", "URL that the catalog tells clients; empty: http://HOST:PORT."
    )
    region: str = setting("RegionOne", "Name of the region in the catalog.")
    database_url: str = setting(
        "", "Database; empty: sqlite:///HOME/stratiform.db.", secret=True, fallback="DATABASE_URL"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("INFO", "DEBUG, INFO, WARNING or ERROR.")
    worker_threads: Annotated[int, Meta(ge=1, le=50)] = setting(8, "How many things a worker looks at at once.")
    collector_url: Annotated[str, Meta(pattern=f"^({_BUS})?$")] = setting(
        "",
        "Message bus to hear OpenStack notifications from (rabbit://USER:PASSWORD@HOST:5672/).",
        secret=True,
        fallback="RABBITMQ_URL",
    )
    collector_cloud: str = setting("openstack", "Name of the cloud that the heard notifications speak of.")
    collector_topics: tuple[str, ...] = setting(_TOPICS, "Topics to hear; a thing told on two of them counts once.")
    collector_exchanges: tuple[str, ...] = setting(_EXCHANGES, "Exchanges to hear on: each service's control_exchange.")
    collector_pool: str = setting(
        "stratiform", "Name of our own queue, so that others keep their copies; empty: share the topics' queues."
    )
    sources: tuple[Source, ...] = setting((), "More buses to hear, each on its own; `collector_…` is the first.")
    almanach_port: Annotated[int, Meta(ge=0, le=65535)] = setting(
        0, "Port for Almanach's API alone, at its root (Almanach's own is 8000); 0: only below /almanach of the API."
    )
    almanach_host: str = setting("", "Address for that port; empty: host.")
    almanach_auth: Literal["keystone", "private_key", "token,keystone"] = setting(
        "keystone", "What opens Almanach's API: tokens (keystone), almanach_private_key (private_key), or either."
    )
    almanach_private_key: str = setting("", "Key that opens all of Almanach's API, sent as X-Auth-Token.", secret=True)
    almanach_keystone_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting(
        "", "Keystone v3 whose tokens open Almanach's API; empty: our own identity service."
    )
    almanach_keystone_username: str = setting("", "User that asks that Keystone whose a token is.")
    almanach_keystone_password: str = setting("", "Password of that user.", secret=True)
    almanach_keystone_project: str = setting("service", "Project of that user.")
    almanach_keystone_user_domain: str = setting("Default", "Name of the domain of that user.")
    almanach_keystone_user_domain_id: str = setting("", "Id of that domain, which then counts instead of its name.")
    almanach_keystone_project_domain: str = setting("Default", "Name of the domain of that project.")
    almanach_cloud: str = setting(
        "", "Cloud of what is told through Almanach's API and no cloud is known to have; empty: collector_cloud."
    )
    almanach_metadata: tuple[str, ...] = setting((), "Labels of machines that Almanach's API shows.")
    almanach_image_meta: tuple[str, ...] = setting(
        ("distro", "version", "os_type"), "What Almanach's API shows of an image: these, or os_distro, os_version."
    )
    raw_messages_days: Annotated[int, Meta(ge=0)] = setting(
        400, "How many days the ledger keeps messages as they came (0: for ever); what was read out of them stays."
    )
    token_ttl_s: Annotated[int, Meta(ge=60)] = setting(3600, "How long a token lives, in seconds (60 or more).")
    bcrypt_rounds: Annotated[int, Meta(ge=4, le=31)] = setting(
        12, "Cost of hashing a password (4 to 31), as Keystone's password_hash_rounds."
    )

    @property
    def url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def heard(self) -> dict[str, Source]:
        """Every bus to hear, by the name of the setting that holds its URL."""
        found = {}
        if self.collector_url:
            found["collector_url"] = Source(
                url=self.collector_url,
                cloud=self.collector_cloud,
                topics=self.collector_topics,
                exchanges=self.collector_exchanges,
                pool=self.collector_pool,
            )
        return found | {f"url of [[sources]] number {number}": one for number, one in enumerate(self.sources, 1)}

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'stratiform.db'}"


def load(home: Path, **given: Any) -> Settings:
    """The settings of the installation in `home`. Raises Invalid, naming what is wrong and where it stands."""
    return kit_settings.load(Settings, home / "stratiform.toml", others=OTHER_VARIABLES, home=home, **given)
