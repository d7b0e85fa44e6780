"""Conversion of a configuration file: every option is converted, or listed with the reason why it is not."""

from stratiform.app.almanach_import.authentication_conversion import convert_authentication
from stratiform.app.almanach_import.buses import convert_bus
from stratiform.app.almanach_import.files import ConfigFile
from stratiform.app.almanach_import.options import OptionKey, find_other_release
from stratiform.app.almanach_import.report import ConversionReport
from stratiform.interfaces.cli.errors import CliError
from stratiform.kit.number_parsing import parse_uint

#: Options of the bus, which are listed with it.
_BUS_SECTION = "oslo_messaging_rabbit"

_LISTS = ("almanach_metadata", "almanach_image_meta")

_TRUE = ("1", "true", "yes", "on")


def convert(config: ConfigFile, *, with_dead_letters: bool) -> ConversionReport:
    """Convert all options. `with_dead_letters`: consume the messages that Almanach gave up. Raises: CliError."""
    report = ConversionReport()
    convert_bus(config, report, with_dead_letters=with_dead_letters)
    convert_authentication(config, report)
    _convert_listener(config, report)
    _convert_lists(config, report)
    _convert_log_level(config, report)
    for key in config.options:
        _explain_unused(config, report, key)
    for label, reason in config.overridden:
        report.add_skipped_option(label, reason)
    return report


def _convert_listener(config: ConfigFile, report: ConversionReport) -> None:
    settings = config.release.settings
    host = config.find(settings["almanach_host"]) if "almanach_host" in settings else None
    port = config.find(settings["port"]) if "port" in settings else None
    report.add_option(host, "almanach_host", "127.0.0.1" if host is None else host.value)
    report.add_option(port, "almanach_port", 8000 if port is None else _parse_port(port.label, port.value))


def _parse_port(label: str, text: str) -> int:
    port = parse_uint(text)
    if port is None or not 0 < port <= 65535:
        raise CliError(f"{label} is not a valid port: {text}")
    return port


def _convert_lists(config: ConfigFile, report: ConversionReport) -> None:
    for setting in _LISTS:
        key = config.release.settings.get(setting)
        option = None if key is None else config.find(key)
        if option is not None:
            report.add_setting(
                option.label, setting, [part for part in map(str.strip, option.value.split(",")) if part]
            )


def _convert_log_level(config: ConfigFile, report: ConversionReport) -> None:
    key = config.release.settings.get("debug")
    option = None if key is None else config.find(key)
    if option is not None:
        report.add_setting(option.label, "log_level", "DEBUG" if option.value.lower() in _TRUE else "INFO")


def _explain_unused(config: ConfigFile, report: ConversionReport, key: OptionKey) -> None:
    """List an option that was not converted: of another release, without an equivalent, or without a value."""
    release, option = config.release, config.options[key]
    if key in release.roles or (key[0] == _BUS_SECTION and option.value):
        if not option.value:
            report.add_skipped_option(option.label, "has no value")
        return
    if key in release.unused:
        reason = release.unused[key]
    elif key[0] == "DEFAULT" and ("log" in key[1] or key[1].startswith("use_")):
        reason = "logs are written to standard error"
    elif (other := find_other_release(key, release)) is not None:
        reason = f"an option of Almanach {other.name}; this file belongs to {release.name}"
    elif section := _find_section(config, key[1]):
        reason = f"Almanach reads it in [{section}] only"
    else:
        reason = f"unknown option; Almanach {release.name} does not have it either"
    report.add_skipped_option(option.label, reason)


def _find_section(config: ConfigFile, name: str) -> str:
    """Return the section in which the release of the file has an option of this name, or ""."""
    documented = (*config.release.roles, *config.release.unused)
    return next((section for section, option in documented if option == name), "")
