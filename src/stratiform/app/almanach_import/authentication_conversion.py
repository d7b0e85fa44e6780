"""Conversion of the authentication of clients. Nothing of it has a default that is applied without a notice."""

import re
import secrets

from stratiform.app.almanach_import.files import ConfigFile, Option
from stratiform.app.almanach_import.report import ConversionReport
from stratiform.interfaces.cli.errors import CliError

#: Almanach's default, which is public.
_PUBLIC_KEY = "secret"

_KEY_BYTES = 32

#: Values of `almanach_auth` for the strategies that Almanach's documentation and code have.
_STRATEGIES = {"private_key": "private_key", "token": "private_key", "keystone": "keystone"}

_KEYSTONE = {
    "almanach_keystone_username": "user",
    "almanach_keystone_password": "password",
    "keystone_url": "URL",
}


def convert_authentication(config: ConfigFile, report: ConversionReport) -> None:
    """Convert strategy, private key and Keystone. Raises: CliError, if a client could not be authenticated."""
    settings = config.release.settings
    strategy = config.find(settings["strategy"])
    method = "private_key" if strategy is None else _parse_strategy(strategy)
    report.add_option(strategy, "almanach_auth", method)
    _convert_key(config.find(settings["private_key"]), method, report)
    _convert_keystone(config, method, report)


def _parse_strategy(option: Option) -> str:
    strategy = option.value
    method = "token,keystone" if "token" in strategy and "keystone" in strategy else _STRATEGIES.get(strategy)
    if method is None:
        raise CliError(
            f"{option.label} is not a valid strategy: '{strategy}'. Almanach falls back to the private key",
            "valid strategies: private_key, keystone, 'token,keystone'",
        )
    return method


def _convert_key(key: Option | None, method: str, report: ConversionReport) -> None:
    """Convert the private key. A missing one, and Almanach's public default, are replaced by a generated one."""
    if key is not None and key.value != _PUBLIC_KEY:
        report.add_setting(key.label, "almanach_private_key", key.value)
    elif method == "keystone":
        if key is not None:
            report.add_skipped_option(key.label, "Almanach's publicly known default; not needed for Keystone tokens")
    else:
        label = "(no private key)" if key is None else key.label
        report.add_setting(label, "almanach_private_key", secrets.token_urlsafe(_KEY_BYTES))
        problem = (
            "has no private key"
            if key is None
            else f"has Almanach's publicly known default as its private key, '{_PUBLIC_KEY}'"
        )
        report.warnings.append(
            f"the file {problem}, so a new key was generated. Copy almanach_private_key from stratiform.toml "
            "to the clients."
        )


def _convert_keystone(config: ConfigFile, method: str, report: ConversionReport) -> None:
    settings = config.release.settings
    for setting, name in _KEYSTONE.items():
        if method != "private_key" and config.find(settings[setting]) is None:
            raise CliError(
                f"The Keystone that validates tokens does not have a {name}: {'.'.join(settings[setting])} is not set",
                "set it in the file; Stratiform does not have a default for it",
            )
    url = config.find(settings["keystone_url"])
    if url is not None:
        version_3 = re.sub(r"/v2\.0/?$", "/v3", url.value)
        report.add_setting(url.label, "almanach_keystone_url", version_3)
    for setting, option_key in settings.items():
        option = config.find(option_key) if setting.startswith("almanach_keystone_") else None
        if option is not None:
            report.add_setting(option.label, setting, option.value)
    domain_id = config.find(settings["user_domain_id"]) if "user_domain_id" in settings else None
    if domain_id is not None and domain_id.value == "default":
        report.add_skipped_option(domain_id.label, "same as the domain name Default")
    elif domain_id is not None:
        report.add_setting(domain_id.label, "almanach_keystone_user_domain_id", domain_id.value)
