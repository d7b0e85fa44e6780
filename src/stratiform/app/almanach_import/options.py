"""Options of Almanach's configuration files by release: what each converts to, or the reason why it is not needed.

Source: almanach/config.py and README.md (1.0 to 3.2), almanach/core/opts.py (3.3, 4.0 to 4.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

#: Section and name of an option. Sections are in capitals for 1.0 to 3.2, in lower case since 3.3, except `DEFAULT`.
OptionKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AlmanachRelease:
    """The options of some releases.

    `settings` has options that are converted, by the setting that they convert to, or by their role: `strategy`,
    `private_key`, `keystone_url`, `port`, and those of the bus. `unused` has all others with the reason.
    """

    name: str
    settings: Mapping[str, OptionKey]
    unused: Mapping[OptionKey, str]

    @property
    def roles(self) -> dict[OptionKey, str]:
        """Return the settings and roles by option."""
        return {option: role for role, option in self.settings.items()}

    @property
    def sections(self) -> frozenset[str]:
        return frozenset(section for section, _ in (*self.settings.values(), *self.unused))


_NO_MONGODB = "data in MongoDB is not imported: the ledger starts empty, in HOME/stratiform.db or database_url"
_SQL = "the ledger uses a SQL database"
_NO_RETRIES = "not needed: messages can arrive in any order"
_RETRY_QUEUE = "not needed: its messages return to the main queue automatically"
_UNREAD = "Almanach has this option, but never reads it"
_EXACT = "not needed: the usage of volumes is exact"

_RETRY_OPTIONS = ("retry_queue", "retry_exchange", "retry_return_exchange", "retry_ttl", "max_retries")

RELEASE_1 = AlmanachRelease(
    "1.0 to 3.2",
    {
        "private_key": ("ALMANACH", "auth_token"),
        "strategy": ("ALMANACH", "auth_strategy"),
        "almanach_metadata": ("ALMANACH", "device_metadata_whitelist"),
        "keystone_url": ("KEYSTONE", "auth_url"),
        "almanach_keystone_username": ("KEYSTONE", "username"),
        "almanach_keystone_password": ("KEYSTONE", "password"),
        "almanach_keystone_project": ("KEYSTONE", "tenant_name"),
        "url": ("RABBITMQ", "url"),
        "queue": ("RABBITMQ", "queue"),
        "routing_key": ("RABBITMQ", "routing.key"),
        "dead_queue": ("RABBITMQ", "dead.queue"),
        "dead_exchange": ("RABBITMQ", "dead.exchange"),
    },
    {
        ("ALMANACH", "volume_existence_threshold"): _EXACT,
        ("RABBITMQ", "exchange"): _UNREAD,
        ("RABBITMQ", "retry.time.to.live"): _NO_RETRIES,
        ("RABBITMQ", "retry.maximum"): _NO_RETRIES,
        ("RABBITMQ", "retry.queue"): _RETRY_QUEUE,
        ("RABBITMQ", "retry.exchange"): _RETRY_QUEUE,
        ("RABBITMQ", "retry.return.exchange"): _RETRY_QUEUE,
        ("MONGODB", "url"): _NO_MONGODB,
        ("MONGODB", "database"): _SQL,
        ("MONGODB", "indexes"): _SQL,
    },
)

_COMMON_SETTINGS: Mapping[str, OptionKey] = {
    "almanach_host": ("api", "bind_ip"),
    "port": ("api", "bind_port"),
    "strategy": ("auth", "strategy"),
    "private_key": ("auth", "private_key"),
}

RELEASE_3_3 = AlmanachRelease(
    "3.3",
    {
        **_COMMON_SETTINGS,
        "keystone_url": ("auth", "keystone_url"),
        "almanach_keystone_username": ("auth", "keystone_username"),
        "almanach_keystone_password": ("auth", "keystone_password"),
        "almanach_keystone_project": ("auth", "keystone_tenant"),
        "almanach_metadata": ("resources", "device_metadata_whitelist"),
        "url": ("collector", "url"),
        "queue": ("collector", "queue"),
        "routing_key": ("collector", "routing_key"),
        "dead_queue": ("collector", "dead_queue"),
        "dead_exchange": ("collector", "dead_exchange"),
    },
    {
        ("database", "driver"): _SQL,
        ("database", "connection_url"): _NO_MONGODB,
        (
            "collector",
            "heartbeat",
        ): "not needed: the default is 60 s; set another with heartbeat_timeout_threshold in the URL",
        ("collector", "exchange"): _UNREAD,
        **{("collector", name): _NO_RETRIES for name in _RETRY_OPTIONS},
        ("resources", "volume_existence_threshold"): _EXACT,
    },
)

RELEASE_4 = AlmanachRelease(
    "4.0 to 4.1",
    {
        **_COMMON_SETTINGS,
        "keystone_url": ("keystone_authtoken", "auth_url"),
        "almanach_keystone_username": ("keystone_authtoken", "username"),
        "almanach_keystone_password": ("keystone_authtoken", "password"),
        "almanach_keystone_project": ("keystone_authtoken", "project_name"),
        "almanach_keystone_project_domain": ("keystone_authtoken", "project_domain_name"),
        "almanach_keystone_user_domain": ("keystone_authtoken", "user_domain_name"),
        "user_domain_id": ("keystone_authtoken", "user_domain_id"),
        "almanach_metadata": ("entities", "instance_metadata"),
        "almanach_image_meta": ("entities", "instance_image_meta"),
        "transport_url": ("collector", "transport_url"),
        "topic": ("collector", "topic"),
        "control_exchange": ("DEFAULT", "control_exchange"),
        "debug": ("DEFAULT", "debug"),
    },
    {
        ("database", "driver"): _SQL,
        ("database", "connection_url"): _NO_MONGODB,
        ("collector", "max_retries"): _NO_RETRIES,
        ("collector", "min_retries"): _NO_RETRIES,
        ("collector", "retry_delay"): "not needed: no message waits for another",
        ("collector", "thread_pool_size"): "not needed: one writer ingests messages in batches",
        ("entities", "instance_existence_threshold"): "not needed: a server that was never launched has no usage",
        ("entities", "volume_existence_threshold"): _EXACT,
    },
)

RELEASES = (RELEASE_1, RELEASE_3_3, RELEASE_4)


def find_other_release(key: OptionKey, release: AlmanachRelease) -> AlmanachRelease | None:
    """Return another release that has the option."""
    others = (each for each in RELEASES if each is not release)
    return next((each for each in others if key in each.roles or key in each.unused), None)
