"""`stratiform import almanach.cfg`: Almanach's configuration file becomes settings of ours.

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
from stratiform.interfaces.cli.client import CliError, say, session
from stratiform.kit.errors import Fault

_FILE = "stratiform.toml"

#: Options of ours that are the same thing, by section and option.
_SAME = {
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

#: What has no meaning here, and why.
_WITHOUT = {
    ("database", "driver"): "the ledger is in an SQL database",
    ("database", "connection_url"): (
        "MongoDB isn't used, and what is in it isn't taken: the ledger begins anew, in HOME/stratiform.db "
        "or where database_url says"
    ),
    ("collector", "max_retries"): "nothing is tried again: what comes too early is in its place when the rest comes",
    ("collector", "min_retries"): "nothing is tried again",
    ("collector", "retry_delay"): "nothing is tried again, and no message waits for another",
    ("collector", "thread_pool_size"): "the ledger has one writer, which takes messages in batches",
    ("entities", "instance_existence_threshold"): "a machine that was never launched has no use, however long it took",
    ("entities", "volume_existence_threshold"): "use is exact: the last minute of a volume isn't dropped",
}

#: Older names of options of oslo.messaging.
_OLD_NAMES = {
    "rabbit_use_ssl": "ssl",
    "kombu_ssl_ca_certs": "ssl_ca_file",
    "kombu_ssl_certfile": "ssl_cert_file",
    "kombu_ssl_keyfile": "ssl_key_file",
}

#: Almanach's own default, which everyone can read.
_KNOWN_KEY = "secret"


@dataclass(slots=True)
class _Taken:
    """What becomes of a file: settings, and what is to be said of each option."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    secrets: frozenset[str] = frozenset(one.name for one in fields(settings.Settings) if one.metadata.get("secret"))

    def put(self, place: str, key: str, value: Any) -> None:
        self.values[key] = value
        shown = "***" if key in self.secrets else json.dumps(value, ensure_ascii=False)
        self.lines.append(f"  {place:<44} {key} = {shown}")

    def leave(self, place: str, why: str) -> None:
        self.lines.append(f"- {place:<44} {why}")


def import_almanach(
    file: Annotated[Path, typer.Argument(help="Almanach's configuration file.", metavar="almanach.cfg")],
    into: Annotated[Path | None, typer.Option(help="Home to write stratiform.toml into; else --home.")] = None,
) -> None:
    """Make stratiform.toml of Almanach's configuration file."""
    home = (into or session.home).absolute()
    target = home / _FILE
    if target.exists():
        raise CliError(f"{target} is there already", "move it away, or name another home with --into")
    taken = _read(file)
    text = _toml(taken.values)
    homes.prepare_folder(home)
    _write(target, text)
    for line in taken.lines:
        say(line)
    say(f"Written to {target}. Almanach's clients go on as before: http://HOST:{taken.values['almanach_port']}")
    if taken.values.get("almanach_private_key") == _KNOWN_KEY:
        say("The private key is Almanach's default, which everyone knows: change it here and in the clients.")


def _read(file: Path) -> _Taken:
    found = _sections(file)
    taken = _Taken()
    _collector(found, taken)
    _auth(found, taken)
    for (section, name), key in _SAME.items():
        _same(found, taken, section, name, key)
    for section, options in found.items():
        for name, values in options.items():
            _rest(taken, section, name, values)
    return taken


def _sections(file: Path) -> dict[str, dict[str, list[str]]]:
    """Section → option → its values, as oslo.config reads them."""
    from oslo_config import cfg  # a client needs none of it

    found: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(file), found).parse()
    except (cfg.ParseError, UnicodeDecodeError) as error:
        raise CliError(f"{file} is no configuration file: {_first_line(error)}") from error
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror}") from error
    if not found.keys() & {"api", "auth", "collector", "database", "entities", "keystone_authtoken", "DEFAULT"}:
        raise CliError(f"{file} has none of Almanach's sections")
    return found


def _collector(found: Mapping[str, Mapping[str, list[str]]], taken: _Taken) -> None:
    """Where Almanach listens; queues and exchange are its own, so that its publishers need no change."""
    options = found.get("collector", {})
    query = _bus_query(found, taken)
    urls = [_with(url, query) for url in _urls(_last(options, "transport_url", "rabbit://guest:guest@localhost:5672"))]
    topic = _last(options, "topic", "almanach")
    exchange = _last(found.get("DEFAULT", {}), "control_exchange", "openstack")
    taken.put("collector.transport_url", "collector_url", urls[0])
    taken.put("collector.topic", "collector_topics", [topic])
    taken.put("DEFAULT.control_exchange", "collector_exchanges", [exchange])
    taken.put(f"the queues {topic}.info, {topic}.error …", "collector_pool", "")
    heard = {"topics": [topic], "exchanges": [exchange], "pool": ""}
    if urls[1:]:
        taken.values["sources"] = [{"url": url, **heard} for url in urls[1:]]
        taken.lines.append(f"  {'collector.transport_url':<44} [[sources]] {len(urls) - 1} more, url = ***")


def _bus_query(found: Mapping[str, Mapping[str, list[str]]], taken: _Taken) -> dict[str, str]:
    """What [oslo_messaging_rabbit] says and matters to a listener, as the query of its URL."""
    from stratiform.interfaces.amqp.address import Options  # as above

    known = {one.name for one in fields(Options)}
    query = {}
    for name, values in found.get("oslo_messaging_rabbit", {}).items():
        option = _OLD_NAMES.get(name, name)
        if option in known:
            query[option] = values[-1]
            taken.lines.append(f"  {f'oslo_messaging_rabbit.{name}':<44} collector_url, as {option}=…")
        else:
            taken.leave(f"oslo_messaging_rabbit.{name}", "changes nothing for who listens")
    return query


def _urls(text: str) -> list[str]:
    """A list of URLs, between commas; a piece that is none goes on with the hosts of the one before."""
    urls: list[str] = []
    for piece in filter(None, map(str.strip, text.split(","))):
        if "://" in piece or not urls:
            urls.append(piece)
        else:
            urls[-1] += f",{piece}"
    if not urls:
        raise CliError("collector.transport_url is empty")
    return urls


def _with(url: str, query: Mapping[str, str]) -> str:
    known = url.partition("?")[2]
    more = urlencode({name: value for name, value in query.items() if f"{name}=" not in known})
    if not more:
        return url
    return f"{url}&{more}" if known else f"{url.rstrip('?')}{'' if '/' in url.partition('://')[2] else '/'}?{more}"


def _auth(found: Mapping[str, Mapping[str, list[str]]], taken: _Taken) -> None:
    strategy = _last(found.get("auth", {}), "strategy", "private_key")
    if strategy == "keystone":
        ours = "keystone"
    elif "token" in strategy and "keystone" in strategy:
        ours = "token,keystone"
    else:
        ours = "private_key"
    taken.put("auth.strategy", "almanach_auth", ours)


def _same(found: Mapping[str, Mapping[str, list[str]]], taken: _Taken, section: str, name: str, key: str) -> None:
    """What the file says, or Almanach's default where ours differs and it counts."""
    by_key, by_token = taken.values["almanach_auth"] != "keystone", taken.values["almanach_auth"] != "private_key"
    defaults = {
        "almanach_host": "127.0.0.1",
        "almanach_port": "8000",
        "almanach_private_key": _KNOWN_KEY if by_key else None,
        "almanach_keystone_url": "http://127.0.0.1:35357/v3" if by_token else None,
    }
    text = _last(found.get(section, {}), name, defaults.get(key) or "")
    if not text:
        return
    if key == "almanach_keystone_user_domain_id" and text == "default":
        taken.leave(f"{section}.{name}", "is the domain Default, as its name says")
        return
    value: Any = text
    if key == "almanach_port":
        value = _port(text)
    elif key in ("almanach_metadata", "almanach_image_meta"):
        value = [part for part in map(str.strip, text.split(",")) if part]
    taken.put(f"{section}.{name}", key, value)


def _port(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or not 0 < int(text[:6]) <= 65535:
        raise CliError(f"api.bind_port is no port: {text}")
    return int(text)


def _rest(taken: _Taken, section: str, name: str, values: list[str]) -> None:
    place = f"{section}.{name}"
    taken_elsewhere = (("collector", "transport_url"), ("collector", "topic"), ("auth", "strategy"))
    if (section, name) in _SAME or (section, name) in taken_elsewhere or section == "oslo_messaging_rabbit":
        return
    if place == "DEFAULT.control_exchange":
        return
    if place == "DEFAULT.debug":
        taken.put(place, "log_level", "DEBUG" if values[-1].strip().lower() in ("1", "true", "yes", "on") else "INFO")
    elif (section, name) in _WITHOUT:
        taken.leave(place, _WITHOUT[section, name])
    elif section == "DEFAULT" and ("log" in name or name.startswith("use_")):
        taken.leave(place, "the log goes to standard error, for systemd or a container to keep")
    else:
        taken.leave(place, "means nothing here, as to Almanach 4.1.0")


def _last(options: Mapping[str, list[str]], name: str, default: str) -> str:
    values = options.get(name)
    return values[-1].strip().replace("$$", "$") if values and values[-1].strip() else default


def _toml(values: Mapping[str, Any]) -> str:
    lines = ["# Made by `stratiform import` of Almanach's configuration."]
    lines += [f"{key} = {_value(value)}" for key, value in values.items() if key != "sources"]
    for source in values.get("sources", ()):
        lines += ["", "[[sources]]", *(f"{key} = {_value(value)}" for key, value in source.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """JSON's texts, numbers and lists are TOML's, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(target: Path, text: str) -> None:
    """For the owner only, and whole: it is looked through as any settings are, before it has its name."""
    partial = target.with_name(".importing")
    partial.mkdir(exist_ok=True)
    try:
        _create(partial / _FILE, text)
        settings.load(partial)
        os.link(partial / _FILE, target)
    except FileExistsError:
        raise CliError(f"{target} is there already", "move it away, or name another home with --into") from None
    except Fault as error:
        raise CliError(error.message.replace(str(partial / _FILE), "what would be written"), error.hint) from error
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
