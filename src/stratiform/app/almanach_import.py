"""`stratiform import almanach.cfg`: converts Almanach's configuration file to stratiform.toml.

Source: almanach/core/opts.py (every option, its type and default), and oslo.messaging's options.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from stratiform.app import home as homes
from stratiform.app import settings
from stratiform.interfaces.cli.client import CliError, print_line, session
from stratiform.kit.errors import Fault

_FILE = "stratiform.toml"

#: Equivalent settings by section and option.
_EQUIVALENTS = {
    ("api", "bind_ip"): "almanach_host",
    ("api", "bind_port"): "almanach_port",
    ("auth", "private_key"): "almanach_private_key",
    ("keystone_authtoken", "auth_url"): "almanach_keystone_url",
    ("keystone_authtoken", "username"): "almanach_keystone_username",
    ("keystone_authtoken", "password"): "almanach_keystone_password",
    ("keystone_authtoken", "project_name"): "almanach_keystone_project",
    ("keystone_authtoken", "project_domain_name"): "almanach_keystone_project_domain",
    ("keystone_authtoken", "user_domain_name"): "almanach_keystone_user_domain",
    ("keystone_authtoken", "user_domain_id"): "almanach_keystone_user_domain_id",
    ("entities", "instance_metadata"): "almanach_metadata",
    ("entities", "instance_image_meta"): "almanach_image_meta",
}

#: Options without an equivalent, and the reason.
_UNUSED = {
    ("database", "driver"): "the ledger uses an SQL database",
    ("database", "connection_url"): (
        "data in MongoDB is not imported: the ledger starts empty, in HOME/stratiform.db or database_url"
    ),
    ("collector", "max_retries"): "not needed: messages can arrive in any order",
    ("collector", "min_retries"): "not needed",
    ("collector", "retry_delay"): "not needed: no message waits for another",
    ("collector", "thread_pool_size"): "not needed: one writer ingests messages in batches",
    ("entities", "instance_existence_threshold"): "not needed: a server that was never launched has no usage",
    ("entities", "volume_existence_threshold"): "not needed: the usage of a volume is exact",
}

#: Deprecated names of options of oslo.messaging.
_DEPRECATED_NAMES = {
    "rabbit_use_ssl": "ssl",
    "kombu_ssl_ca_certs": "ssl_ca_file",
    "kombu_ssl_certfile": "ssl_cert_file",
    "kombu_ssl_keyfile": "ssl_key_file",
}

#: Almanach's default, which is public.
_DEFAULT_KEY = "secret"


@dataclass(slots=True)
class _Conversion:
    """The settings, and one line of the report for each option."""

    values: dict[str, object] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    secrets: frozenset[str] = frozenset(
        field.name for field in fields(settings.Settings) if field.metadata.get("secret")
    )

    def convert(self, option: str, key: str, value: object) -> None:
        self.values[key] = value
        text = "***" if key in self.secrets else json.dumps(value, ensure_ascii=False)
        self.lines.append(f"  {option:<44} {key} = {text}")

    def skip(self, option: str, reason: str) -> None:
        self.lines.append(f"- {option:<44} {reason}")


def import_almanach(
    file: Annotated[Path, typer.Argument(help="Almanach's configuration file.", metavar="almanach.cfg")],
    into: Annotated[Path | None, typer.Option(help="Home that stratiform.toml is written to; default: --home.")] = None,
) -> None:
    """Convert Almanach's configuration file to stratiform.toml."""
    home = (into or session.home).absolute()
    target = home / _FILE
    if target.exists():
        raise CliError(f"{target} already exists", "move it, or choose another home with --into")
    conversion = _read(file)
    text = _toml(conversion.values)
    homes.prepare_folder(home)
    _write(target, text)
    for line in conversion.lines:
        print_line(line)
    print_line(f"{target} written. Almanach's clients can connect to http://HOST:{conversion.values['almanach_port']}")
    if conversion.values.get("almanach_private_key") == _DEFAULT_KEY:
        print_line("Warning: the private key is Almanach's publicly known default; change it here and in the clients.")


def _read(file: Path) -> _Conversion:
    sections = _read_sections(file)
    conversion = _Conversion()
    _convert_collector(sections, conversion)
    _convert_auth(sections, conversion)
    for (section, name), key in _EQUIVALENTS.items():
        _convert_equivalent(sections, conversion, section, name, key)
    for section, options in sections.items():
        for name, values in options.items():
            _convert_other(conversion, section, name, values)
    return conversion


def _read_sections(file: Path) -> dict[str, dict[str, list[str]]]:
    """Return section → option → values, as oslo.config reads them."""
    from oslo_config import cfg  # not needed by other commands

    sections: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(file), sections).parse()
    except (cfg.ParseError, UnicodeDecodeError) as error:
        raise CliError(f"{file} is not a valid configuration file: {_first_line(error)}") from error
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error
    if not sections.keys() & {"api", "auth", "collector", "database", "entities", "keystone_authtoken", "DEFAULT"}:
        raise CliError(f"{file} does not contain any of Almanach's sections")
    return sections


def _convert_collector(sections: Mapping[str, Mapping[str, list[str]]], conversion: _Conversion) -> None:
    """Convert the bus, with Almanach's queues and exchange, so that publishers need no change."""
    options = sections.get("collector", {})
    query = _bus_query(sections, conversion)
    urls = [
        _with_query(url, query)
        for url in _split_urls(_last(options, "transport_url", "rabbit://guest:guest@localhost:5672"))
    ]
    topic = _last(options, "topic", "almanach")
    exchange = _last(sections.get("DEFAULT", {}), "control_exchange", "openstack")
    conversion.convert("collector.transport_url", "collector_url", urls[0])
    conversion.convert("collector.topic", "collector_topics", [topic])
    conversion.convert("DEFAULT.control_exchange", "collector_exchanges", [exchange])
    conversion.convert(f"the queues {topic}.info, {topic}.error …", "collector_pool", "")
    common = {"topics": [topic], "exchanges": [exchange], "pool": ""}
    if urls[1:]:
        conversion.values["sources"] = [{"url": url, **common} for url in urls[1:]]
        conversion.lines.append(f"  {'collector.transport_url':<44} [[sources]] {len(urls) - 1} more, url = ***")


def _bus_query(sections: Mapping[str, Mapping[str, list[str]]], conversion: _Conversion) -> dict[str, str]:
    """Return the options of [oslo_messaging_rabbit] that matter to a consumer, as query of its URL."""
    from stratiform.interfaces.amqp.address import Options  # not needed by other commands

    existing = {field.name for field in fields(Options)}
    query = {}
    for name, values in sections.get("oslo_messaging_rabbit", {}).items():
        option = _DEPRECATED_NAMES.get(name, name)
        if option in existing:
            query[option] = values[-1]
            conversion.lines.append(f"  {f'oslo_messaging_rabbit.{name}':<44} collector_url, as {option}=…")
        else:
            conversion.skip(f"oslo_messaging_rabbit.{name}", "has no effect on consumers")
    return query


def _split_urls(text: str) -> list[str]:
    """Split a list of URLs at commas; a part without scheme is another host of the URL before it."""
    urls: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if "://" in part or not urls:
            urls.append(part)
        else:
            urls[-1] += f",{part}"
    if not urls:
        raise CliError("collector.transport_url is empty")
    return urls


def _with_query(url: str, query: Mapping[str, str]) -> str:
    existing = url.partition("?")[2]
    more = urlencode({name: value for name, value in query.items() if f"{name}=" not in existing})
    if not more:
        return url
    return f"{url}&{more}" if existing else f"{url.rstrip('?')}{'' if '/' in url.partition('://')[2] else '/'}?{more}"


def _convert_auth(sections: Mapping[str, Mapping[str, list[str]]], conversion: _Conversion) -> None:
    strategy = _last(sections.get("auth", {}), "strategy", "private_key")
    if strategy == "keystone":
        ours = "keystone"
    elif "token" in strategy and "keystone" in strategy:
        ours = "token,keystone"
    else:
        ours = "private_key"
    conversion.convert("auth.strategy", "almanach_auth", ours)


def _convert_equivalent(
    sections: Mapping[str, Mapping[str, list[str]]], conversion: _Conversion, section: str, name: str, key: str
) -> None:
    """Convert an option with an equivalent; without a value, use Almanach's default if ours differs."""
    by_key, by_token = (
        conversion.values["almanach_auth"] != "keystone",
        conversion.values["almanach_auth"] != "private_key",
    )
    defaults = {
        "almanach_host": "127.0.0.1",
        "almanach_port": "8000",
        "almanach_private_key": _DEFAULT_KEY if by_key else None,
        "almanach_keystone_url": "http://127.0.0.1:35357/v3" if by_token else None,
    }
    text = _last(sections.get(section, {}), name, defaults.get(key) or "")
    if not text:
        return
    if key == "almanach_keystone_user_domain_id" and text == "default":
        conversion.skip(f"{section}.{name}", "same as the domain name Default")
        return
    value: object = text
    if key == "almanach_port":
        value = _port(text)
    elif key in ("almanach_metadata", "almanach_image_meta"):
        value = [part for part in map(str.strip, text.split(",")) if part]
    conversion.convert(f"{section}.{name}", key, value)


def _port(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or not 0 < int(text[:6]) <= 65535:
        raise CliError(f"api.bind_port is not a valid port: {text}")
    return int(text)


def _convert_other(conversion: _Conversion, section: str, name: str, values: list[str]) -> None:
    option = f"{section}.{name}"
    converted_elsewhere = (("collector", "transport_url"), ("collector", "topic"), ("auth", "strategy"))
    if (section, name) in _EQUIVALENTS or (section, name) in converted_elsewhere or section == "oslo_messaging_rabbit":
        return
    if option == "DEFAULT.control_exchange":
        return
    if option == "DEFAULT.debug":
        conversion.convert(
            option, "log_level", "DEBUG" if values[-1].strip().lower() in ("1", "true", "yes", "on") else "INFO"
        )
    elif (section, name) in _UNUSED:
        conversion.skip(option, _UNUSED[section, name])
    elif section == "DEFAULT" and ("log" in name or name.startswith("use_")):
        conversion.skip(option, "logs are written to standard error")
    else:
        conversion.skip(option, "not an option of Almanach 4.1.0")


def _last(options: Mapping[str, list[str]], name: str, default: str) -> str:
    values = options.get(name)
    return values[-1].strip().replace("$$", "$") if values and values[-1].strip() else default


def _toml(values: Mapping[str, Any]) -> str:
    lines = ["# Converted from Almanach's configuration by `stratiform import`."]
    lines += [f"{key} = {_value(value)}" for key, value in values.items() if key != "sources"]
    for source in values.get("sources", ()):
        lines += ["", "[[sources]]", *(f"{key} = {_value(value)}" for key, value in source.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a TOML value: JSON strings, numbers and lists are valid TOML except for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(target: Path, text: str) -> None:
    """Write the file atomically, readable by its owner only, after checking that the settings are valid."""
    partial = target.with_name(".importing")
    partial.mkdir(exist_ok=True)
    try:
        _create(partial / _FILE, text)
        settings.load(partial)
        os.link(partial / _FILE, target)
    except FileExistsError:
        raise CliError(f"{target} already exists", "move it, or choose another home with --into") from None
    except Fault as error:
        raise CliError(error.message.replace(str(partial / _FILE), "the converted settings"), error.hint) from error
    finally:
        (partial / _FILE).unlink(missing_ok=True)
        partial.rmdir()


def _create(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
