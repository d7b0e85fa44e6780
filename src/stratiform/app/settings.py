"""Every setting of the programs, with its meaning; `docs/reference/settings.md` is generated from here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from stratiform.kit.settings import setting


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
    database_url: str = setting("", "Database; empty: sqlite:///HOME/stratiform.db.", secret=True)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("INFO", "DEBUG, INFO, WARNING or ERROR.")
    worker_threads: Annotated[int, Meta(ge=1, le=50)] = setting(8, "How many things a worker looks at at once.")
    collector_url: Annotated[str, Meta(pattern="^(rabbit://.+)?$")] = setting(
        "", "Message bus to hear OpenStack notifications from (rabbit://USER:PASSWORD@HOST:5672/).", secret=True
    )
    collector_cloud: str = setting("openstack", "Name of the cloud that the heard notifications speak of.")
    collector_topics: tuple[str, ...] = setting(
        ("notifications", "versioned_notifications"), "Topics to hear; a thing told on two of them counts once."
    )
    collector_exchanges: tuple[str, ...] = setting(
        ("nova", "cinder", "openstack"), "Exchanges to hear on: each service's control_exchange."
    )
    collector_pool: str = setting(
        "stratiform", "Name of our own queue, so that others keep their copies; empty: share the topic's queue."
    )
    token_ttl_s: Annotated[int, Meta(ge=60)] = setting(3600, "How long a token lives, in seconds (60 or more).")
    bcrypt_rounds: Annotated[int, Meta(ge=4, le=31)] = setting(
        12, "Cost of hashing a password (4 to 31), as Keystone's password_hash_rounds."
    )

    @property
    def url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'stratiform.db'}"
