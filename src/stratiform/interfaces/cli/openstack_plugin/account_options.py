"""Options of `openstack clouds add` and `set`, and the settings of connectors that they become."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from osc_lib.exceptions import CommandError

#: The setting for each option, by kind of cloud. The options are those of AccentOS.
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "aws": {"access_key": "access_key", "secret_key": "secret_key", "region": "region", "az": "az"},
    "yandex": {"folder_id": "folder_id", "az": "zone"},
}

#: The options that together are Yandex Cloud's authorized key.
_YANDEX_KEY = ("service_account_id", "private_key", "key_id")

_PREFIX = "STRATIFORM_CLOUD_"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The settings of an account, and warnings for the operator."""

    values: Mapping[str, str] = field(repr=False)
    warnings: Sequence[str] = ()


def add_account_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of AccentOS, and those for settings that AccentOS does not have."""
    parser.add_argument("--access-key", metavar="<access-key>", help="Access key ID (aws)")
    parser.add_argument(
        "--secret-key",
        metavar="<secret-key>",
        help=f"Secret access key (aws). Other users can read it: use --secret-file or {_PREFIX}SECRET_KEY instead",
    )
    parser.add_argument("--region", metavar="<region>", help="Region (aws)")
    parser.add_argument("--service-account-id", metavar="<id>", help="ID of the service account (yandex)")
    parser.add_argument("--private-key", metavar="<file>", help="File with the private key (yandex)")
    parser.add_argument("--key-id", metavar="<id>", help="ID of the key (yandex)")
    parser.add_argument("--folder-id", metavar="<id>", help="ID of the folder (yandex)")
    parser.add_argument("--az", metavar="<zone>", help="Availability zone of the cloud")
    parser.add_argument(
        "--setting",
        metavar="<name=value>",
        action="append",
        default=[],
        help="Setting of any kind of cloud (repeat option to set multiple settings; see clouds kind list)",
    )
    parser.add_argument(
        "--secret-file",
        metavar="<name=file>",
        action="append",
        default=[],
        help="Secret setting, read from a file (repeat option to set multiple secrets)",
    )


def build_settings(
    kind: str, declared: Sequence[Mapping[str, object]], options: argparse.Namespace, environment: Mapping[str, str]
) -> AccountSettings:
    """Return the settings for an account of `kind`; `declared` are those of its connector.

    Declared settings without an option are read from `STRATIFORM_CLOUD_<SETTING>`. Raises: CommandError.
    """
    warnings = []
    secrets = {str(setting["name"]) for setting in declared if setting["secret"]}
    values = {
        str(setting["name"]): environment[variable]
        for setting in declared
        if environment.get(variable := f"{_PREFIX}{str(setting['name']).upper()}")
    }
    own = _SETTINGS.get(kind, {"az": "zone"})
    for option in {name for names in _SETTINGS.values() for name in names}:
        value = getattr(options, option)
        if value is None:
            continue
        if option not in own:
            raise CommandError(f"{_option(option)} is not an option of clouds of the kind {kind}")
        values[own[option]] = value
        if own[option] in secrets:
            warnings.append(
                f"{_option(option)} can be read by other users of this machine: use --secret-file {own[option]}=FILE "
                f"or {_PREFIX}{own[option].upper()} instead"
            )
    values |= _read_yandex_key(kind, options)
    for name, value in map(_split, options.setting):
        if name in secrets:
            raise CommandError(f"{name} is a secret: use --secret-file {name}=FILE or {_PREFIX}{name.upper()}")
        values[name] = value
    values |= {name: _read_file(value) for name, value in map(_split, options.secret_file)}
    return AccountSettings(values, warnings)


def select_secrets(declared: Sequence[Mapping[str, object]], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of secret settings: other ones may be set for `add`, and must not change an account."""
    variables = {f"{_PREFIX}{str(setting['name']).upper()}" for setting in declared if setting["secret"]}
    return {name: value for name, value in environment.items() if name in variables}


def _read_yandex_key(kind: str, options: argparse.Namespace) -> dict[str, str]:
    """Return the setting with the authorized key, in the format of Yandex Cloud's own files."""
    present = {name: getattr(options, name) for name in _YANDEX_KEY if getattr(options, name) is not None}
    if not present:
        return {}
    if kind != "yandex":
        raise CommandError(f"{_option(next(iter(present)))} is not an option of clouds of the kind {kind}")
    missing = [_option(name) for name in _YANDEX_KEY if name not in present]
    if missing:
        raise CommandError(f"{', '.join(missing)} is missing")
    key = {
        "id": present["key_id"],
        "service_account_id": present["service_account_id"],
        "private_key": _read_file(present["private_key"]) + "\n",
    }
    return {"service_account_key": json.dumps(key)}


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandError(f"'{text.partition('=')[0]}' is not NAME=VALUE")
    return name, value


def _read_file(name: str) -> str:
    try:
        text = Path(name).read_text().strip()
    except OSError as error:
        raise CommandError(f"Cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not a text file") from error
    if not text:
        raise CommandError(f"{name} is empty")
    return text


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
