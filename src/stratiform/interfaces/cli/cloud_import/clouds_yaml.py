"""`clouds.yaml` of OpenStack's clients: one account for each cloud and region.

Source: openstacksdk, "Configuring OpenStack SDK Applications".
"""

from collections.abc import Mapping
from typing import Any

import yaml

from stratiform.interfaces.cli.cloud_import.plan import (
    IgnoredEntry,
    ImportPlan,
    PlannedAccount,
    PlannedSetting,
    build_cloud_name,
    check_unique_names,
)
from stratiform.kit.errors import Invalid

FORMAT = "a clouds.yaml of OpenStack's clients"

#: Settings of the connector by the keys that have other names; all other keys of `auth` have the same names.
_AUTH_ALIASES = {
    "tenant_name": "project_name",
    "tenant_id": "project_id",
    "user_name": "username",
    "project_domain": "project_domain_name",
    "user_domain": "user_domain_name",
}

#: Keys of `auth` that are also accepted beside it.
_AUTH_KEYS = (
    *_AUTH_ALIASES,
    "auth_url",
    "username",
    "password",
    "project_name",
    "project_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "application_credential_id",
    "application_credential_secret",
)

_SECRETS = ("password", "application_credential_secret", "token", "passcode", "client_secret")

#: Settings by the keys beside `auth`.
_SETTINGS = {
    "region_name": "region_name",
    "interface": "interface",
    "endpoint_type": "interface",
    "cacert": "cacert",
    "verify": "verify",
}

#: Keys that are evaluated here.
_EVALUATED = ("auth", "auth_type", "profile", "cloud", "regions", "insecure", *_AUTH_KEYS)

_PASSWORD_TYPES = ("password", "v3password", "v3applicationcredential", "")

_CREDENTIALS = "not supported: client certificates"

_REASONS = {
    "identity_api_version": "not needed: version 3 of the Identity API is used",
    "cert": _CREDENTIALS,
    "key": _CREDENTIALS,
}

_NO_EFFECT = "has no effect on an imported account"


def parse_clouds_yaml(text: str, secure_text: str = "") -> ImportPlan:
    """Parse clouds.yaml; `secure_text` is the secure.yaml beside it, which is merged into it. Raises: Invalid."""
    entries = _merge(_load(text, "clouds.yaml"), _load(secure_text, "secure.yaml") if secure_text else {})
    accounts: list[PlannedAccount] = []
    ignored: list[IgnoredEntry] = []
    for name, entry in entries.items():
        if not isinstance(entry, Mapping):
            raise Invalid(f"clouds.{name} is not a mapping")
        regional, own_ignored = _build_accounts(str(name), entry)
        accounts += regional
        ignored += own_ignored
    if not accounts:
        raise Invalid("`clouds` is empty")
    return ImportPlan(FORMAT, check_unique_names(accounts), tuple(ignored))


def _load(text: str, file: str) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Invalid(f"{file} is not valid YAML{where}") from error
    clouds = document.get("clouds") if isinstance(document, Mapping) else None
    if not isinstance(clouds, Mapping):
        raise Invalid(f"`clouds` of {file} is not a mapping")
    return clouds


def _merge(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `other`, which take precedence; mappings are merged."""
    merged = dict(base)
    for key, value in other.items():
        existing = merged.get(key)
        both = isinstance(existing, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(existing, value) if both and existing is not None else value
    return merged


def _build_accounts(name: str, entry: Mapping[str, Any]) -> tuple[list[PlannedAccount], list[IgnoredEntry]]:
    """Return one account, or one per region if the cloud has a list of regions."""
    label = f"clouds.{name}"
    accounts = []
    ignored: dict[IgnoredEntry, None] = {}  # in the order of the file
    for suffix, regional in _expand_regions(label, entry):
        settings, entries = _convert_entry(label, regional)
        ignored |= dict.fromkeys(entries)
        problem = _find_problem(regional, settings)
        full_name = build_cloud_name(f"{name}-{suffix}" if suffix else name)
        accounts.append(PlannedAccount(full_name, "openstack", label, tuple(settings.values()), problem))
    return accounts, list(ignored)


def _expand_regions(label: str, entry: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entry with the `values` of each region, and the suffix of the account's name."""
    items = entry.get("regions") or []
    if not isinstance(items, list):
        raise Invalid(f"{label}.regions is not a list")
    regions = {_region_name(label, item): _region_values(label, item) for item in items}
    chosen = _format(entry.get("region_name"))
    if chosen:
        return [("", _merge(entry, regions.get(chosen, {})))]
    if not regions:
        return [("", entry)]
    return [
        (region if len(regions) > 1 else "", _merge({**entry, "region_name": region}, values))
        for region, values in regions.items()
    ]


def _convert_entry(label: str, entry: Mapping[str, Any]) -> tuple[dict[str, PlannedSetting], list[IgnoredEntry]]:
    """Return the settings of an entry, and the keys that are ignored."""
    settings, ignored = _convert_auth(label, entry)
    for key, value in entry.items():
        if key in _SETTINGS:
            settings[_SETTINGS[key]] = PlannedSetting(_SETTINGS[key], _format(value), f"{label}.{key}")
        elif key not in _EVALUATED:
            ignored.append(IgnoredEntry(f"{label}.{key}", _REASONS.get(str(key), _NO_EFFECT)))
    if "insecure" in entry and "verify" not in settings:
        verify = "false" if _format(entry["insecure"]).lower() == "true" else "true"
        settings["verify"] = PlannedSetting("verify", verify, f"{label}.insecure")
    return settings, ignored


def _convert_auth(label: str, entry: Mapping[str, Any]) -> tuple[dict[str, PlannedSetting], list[IgnoredEntry]]:
    """Return the settings of `auth` and of its keys beside it; those in `auth` take precedence."""
    auth = entry.get("auth")
    if auth is not None and not isinstance(auth, Mapping):
        raise Invalid(f"{label}.auth is not a mapping")
    values = [(key, value, f"{label}.{key}") for key, value in entry.items() if key in _AUTH_KEYS]
    values += [(str(key), value, f"{label}.auth.{key}") for key, value in (auth or {}).items()]
    settings: dict[str, PlannedSetting] = {}
    for key, value, source in values:
        name = _AUTH_ALIASES.get(key, key)
        settings[name] = PlannedSetting(name, _format(value), source, name in _SECRETS)
    ignored = []
    if "project_id" in settings and "project_name" in settings:
        ignored.append(IgnoredEntry(settings.pop("project_id").label, "not needed beside the name of the project"))
    return settings, ignored


def _find_problem(entry: Mapping[str, Any], settings: Mapping[str, PlannedSetting]) -> str:
    """Return why an entry cannot be imported; empty if it can."""
    profile = entry.get("profile") or entry.get("cloud")
    if profile and "auth_url" not in settings:
        return f"uses the vendor profile '{profile}': set auth.auth_url in the file"
    auth_type = _format(entry.get("auth_type") or "")
    if auth_type not in _PASSWORD_TYPES:
        return f"auth_type '{auth_type}' is not supported"
    if _format(entry.get("identity_api_version", "3")).startswith("2"):
        return "uses version 2 of the Identity API, which is not supported"
    return ""


def _region_name(label: str, region: object) -> str:
    """Return the name of a region, which is an item of the list or its `name`."""
    name = region.get("name") if isinstance(region, Mapping) else region
    if not name or isinstance(name, Mapping | list):
        raise Invalid(f"{label}.regions has an item without a name")
    return str(name)


def _region_values(label: str, region: object) -> Mapping[str, Any]:
    """Return the keys that a region sets or replaces."""
    values = region.get("values") if isinstance(region, Mapping) else None
    if values is not None and not isinstance(values, Mapping):
        raise Invalid(f"{label}.regions has an item whose values are not a mapping")
    return values or {}


def _format(value: object) -> str:
    """Return a scalar as text: booleans as in YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
