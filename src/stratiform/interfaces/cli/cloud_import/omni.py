"""Omni: the sections of its drivers in nova.conf, cinder.conf, glance-api.conf and neutron's files.

Source: openstack/omni, options of the AWS, GCE and Azure drivers.
"""

from collections import Counter
from collections.abc import Mapping

from stratiform.interfaces.cli.cloud_import.ini_sections import list_headers, parse_sections
from stratiform.interfaces.cli.cloud_import.plan import (
    IgnoredEntry,
    ImportPlan,
    PlannedAccount,
    PlannedSetting,
    build_cloud_name,
    check_unique_names,
)
from stratiform.kit.errors import Invalid

FORMAT = "a configuration file with settings of Omni"

#: The kind of cloud for each section, in capitals.
_KINDS = {"AWS": "aws", "GCE": "gce", "AZURE": "azure"}

#: The setting for each option, by kind of cloud.
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "aws": {"access_key": "access_key", "secret_key": "secret_key", "region_name": "region", "az": "az"},
    "gce": {"service_key_path": "service_key_path", "project_id": "project_id", "zone": "zone", "region": "region"},
    "azure": {
        "tenant_id": "tenant_id",
        "client_id": "client_id",
        "client_secret": "client_secret",
        "subscription_id": "subscription_id",
        "region": "region",
        "resource_group": "resource_group",
    },
}

_SECRETS = ("secret_key", "client_secret")

_CAPACITY = "not needed: Omni reports this constant as the capacity of the cloud; quotas limit each project"

_REASONS = {
    "use_credsmgr": "not needed: credentials are stored encrypted with the cloud account",
    "vnc_port": "not needed: consoles are opened by the connector",
    "max_vcpus": _CAPACITY,
    "max_memory_mb": _CAPACITY,
    "max_disk_gb": _CAPACITY,
    "ebs_pool_name": _CAPACITY,
    "ebs_free_capacity_gb": _CAPACITY,
    "ebs_total_capacity_gb": _CAPACITY,
    "enable_keypair_notifications": "not needed: key pairs are passed to servers when they are created",
    "wait_time_min": "not needed: operations are observed until they end",
}

#: Options of the EBS driver outside of its section.
_EBS_OPTIONS = ("ebs_pool_name", "ebs_free_capacity_gb", "ebs_total_capacity_gb")


def is_omni(text: str) -> bool:
    """Return True for text with a section of Omni's drivers."""
    return any(header.upper() in _KINDS for header in list_headers(text))


def parse_omni(text: str) -> ImportPlan:
    """Parse a file with sections of Omni; those of the OpenStack service itself are only counted. Raises: Invalid."""
    accounts: list[PlannedAccount] = []
    ignored: list[IgnoredEntry] = []
    counts: Counter[str] = Counter()
    for section, options in parse_sections(text).items():
        kind = _KINDS.get(section.upper())
        if kind is None:
            ignored += [IgnoredEntry(f"{section}.{name}", _CAPACITY) for name in options if name in _EBS_OPTIONS]
            counts[section] = sum(name not in _EBS_OPTIONS for name in options)
        else:
            account, entries = _build_account(section, kind, options)
            accounts.append(account)
            ignored += entries
    reason = "options of the OpenStack service, not of Omni"
    ignored += [IgnoredEntry(f"[{section}]", f"{count} {reason}") for section, count in counts.items() if count]
    if not accounts:
        raise Invalid("The file does not have a section of Omni", hint=f"sections: {', '.join(_KINDS)}")
    return ImportPlan(FORMAT, check_unique_names(accounts), tuple(ignored))


def _build_account(section: str, kind: str, options: Mapping[str, str]) -> tuple[PlannedAccount, list[IgnoredEntry]]:
    """Return the account of a section; its name ends with the zone or region, because Omni runs an agent for each."""
    names = _SETTINGS[kind]
    settings = []
    ignored = []
    for option, value in options.items():
        label = f"{section}.{option}"
        if option in names and value:
            settings.append(PlannedSetting(names[option], value, label, option in _SECRETS))
        else:
            reason = "empty" if option in names else _REASONS.get(option, f"not an option of Omni's [{section}]")
            ignored.append(IgnoredEntry(label, reason))
    zone = next((options[name] for name in ("az", "zone", "region_name", "region") if options.get(name)), "")
    name = build_cloud_name(f"{kind}-{zone}")
    return PlannedAccount(name, kind, f"[{section}]", tuple(settings)), ignored
