"""Completion of planned accounts: values that the file does not have, and validation against the connector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stratiform.contract.connector import CloudAccount, Installation, Setting, validate_settings
from stratiform.contract.registry import get_connector
from stratiform.interfaces.cli.cloud_import.plan import IgnoredEntry, PlannedAccount, PlannedSetting
from stratiform.kit.clock import SystemClock
from stratiform.kit.errors import Invalid

#: Secrets of OpenStack that are required beside another setting, in the order of precedence.
_OPENSTACK_SECRETS = (("application_credential_id", "application_credential_secret"), ("username", "password"))

_PREFIX = "STRATIFORM_CLOUD_"

#: The installation of connections that are only opened to validate settings.
_INSTALLATION = Installation("import", Path(), SystemClock())

#: Reads a missing secret from the terminal; its argument is a prompt.
Prompt = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class CompleteAccount:
    """An account that can be added: its settings with secrets, and the lines of the report about them."""

    name: str
    kind: str
    settings: Mapping[str, str] = field(repr=False)
    lines: tuple[tuple[str, str], ...]
    ignored: tuple[IgnoredEntry, ...] = ()


def complete_account(account: PlannedAccount, environment: Mapping[str, str], prompt: Prompt | None) -> CompleteAccount:
    """Return an account with a value for each required setting of its connector.

    A value comes from `STRATIFORM_CLOUD_<NAME>_<SETTING>`, the file, `STRATIFORM_CLOUD_<SETTING>`, an assumption of the
    format, or, if it is a required secret, from `prompt`, in this order. An empty value in the file is a missing one.
    Raises: Invalid, naming the cloud, for a missing connector and for settings that it rejects.
    """
    try:
        _require_no_problem(account)
        connector = get_connector(account.kind)
        declared = connector.settings
        settings = _complete(account, declared, environment, prompt)
        values = {setting.name: setting.value for setting in settings}
        _require_all(account, declared, values)
        validate_settings(account.kind, declared, values)
        connector.connect(CloudAccount("", account.name, values), _INSTALLATION)  # sends no request
    except Invalid as error:
        raise Invalid(f"Cloud '{account.name}': {error.message}", hint=error.hint) from error
    secrets = {setting.name for setting in declared if setting.secret}
    lines = tuple((setting.label, _describe(setting, secrets)) for setting in settings)
    ignored = tuple(
        IgnoredEntry(setting.label, f"not needed: the connector {account.kind} has no setting {setting.name}")
        for setting in account.settings
        if setting.name not in values
    )
    return CompleteAccount(account.name, account.kind, values, lines, ignored)


def _require_no_problem(account: PlannedAccount) -> None:
    if account.problem:
        raise Invalid(f"{account.label} {account.problem}")


def _complete(
    account: PlannedAccount, declared: Sequence[Setting], environment: Mapping[str, str], prompt: Prompt | None
) -> list[PlannedSetting]:
    names = {setting.name for setting in declared}
    planned = (setting for setting in account.settings if setting.name in names or not setting.is_optional)
    settings = {setting.name: setting for setting in planned}
    for setting in declared:
        own, general = _variables(account.name, setting.name)
        current = settings.get(setting.name)
        if environment.get(own):
            settings[setting.name] = PlannedSetting(setting.name, environment[own], own, setting.secret)
        elif environment.get(general) and (current is None or not current.value or current.is_assumed):
            settings[setting.name] = PlannedSetting(setting.name, environment[general], general, setting.secret)
    if prompt is not None:
        values = {setting.name: setting.value for setting in settings.values()}
        secrets = {setting.name for setting in declared if setting.secret}
        for name in _list_missing(account.kind, declared, values):
            if name in secrets:
                settings[name] = PlannedSetting(name, prompt(f"{account.name}: {name}"), "(prompt)", is_secret=True)
    return list(settings.values())


def _list_missing(kind: str, declared: Sequence[Setting], values: Mapping[str, str]) -> list[str]:
    """Return the names of required settings without a value."""
    required = [setting.name for setting in declared if setting.required and not setting.default]
    if kind == "openstack":
        required += [secret for owner, secret in _OPENSTACK_SECRETS if values.get(owner)][:1]
    return [name for name in required if not values.get(name)]


def _require_all(account: PlannedAccount, declared: Sequence[Setting], values: Mapping[str, str]) -> None:
    """Raises: Invalid that names every missing setting, and the variables to set."""
    missing = _list_missing(account.kind, declared, values)
    if missing:
        variables = ", ".join(_variables(account.name, name)[0] for name in missing)
        raise Invalid(f"the file does not have {', '.join(missing)}", hint=f"set {variables}")


def _variables(cloud: str, setting: str) -> tuple[str, str]:
    """Return the environment variables of a setting: for one cloud, and for all of them."""
    name = setting.upper()
    return f"{_PREFIX}{cloud.upper().replace('-', '_')}_{name}", f"{_PREFIX}{name}"


def _describe(setting: PlannedSetting, secrets: set[str]) -> str:
    is_secret = setting.is_secret or setting.name in secrets
    return f"{setting.name} = {'***' if is_secret else mask_url_password(setting.value)}"


def mask_url_password(text: str) -> str:
    """Return a text with the user name and password of a URL replaced by `***`."""
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    before, at, host = authority.rpartition("@")
    return f"{scheme}://***@{host}{slash}{path}" if separator and at and before else text
