"""Conversion of the message bus, with Almanach's exchanges and queues, so that publishers need no change."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from urllib.parse import parse_qsl, urlencode

from stratiform.app.almanach_import.files import ConfigFile
from stratiform.app.almanach_import.options import RELEASE_4
from stratiform.app.almanach_import.report import ConversionReport
from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.interfaces.cli.errors import CliError

#: Almanach 4 has no other methods for notifications, and its own repetitions have these priorities too.
_PRIORITIES = ("info", "error")

#: The priority of the messages that Almanach 4 gave up.
_DEAD_PRIORITY = "critical"

#: Exchanges of services that publish to the queue of Almanach 1.0 to 3.3, which has no option for them.
_EXCHANGES = ("nova", "cinder", "openstack")

#: Deprecated names of options of oslo.messaging.
_DEPRECATED_NAMES = {
    "rabbit_use_ssl": "ssl",
    "kombu_ssl_ca_certs": "ssl_ca_file",
    "kombu_ssl_certfile": "ssl_cert_file",
    "kombu_ssl_keyfile": "ssl_key_file",
}

#: Transports of kombu that connect to the same brokers.
_KOMBU_SCHEMES = re.compile(r"^(pyamqp|librabbitmq)(?=://)")

_OSLO_SECTION = "oslo_messaging_rabbit"


def convert_bus(config: ConfigFile, report: ConversionReport, *, with_dead_letters: bool) -> None:
    """Convert URLs, exchanges and queues. Raises: CliError."""
    if config.release is RELEASE_4:
        _convert_oslo_bus(config, report, with_dead_letters=with_dead_letters)
    else:
        _convert_kombu_bus(config, report, with_dead_letters=with_dead_letters)


def _convert_oslo_bus(config: ConfigFile, report: ConversionReport, *, with_dead_letters: bool) -> None:
    settings = config.release.settings
    url = config.find(settings["transport_url"])
    topic, exchange = config.find(settings["topic"]), config.find(settings["control_exchange"])
    text = "rabbit://guest:guest@localhost:5672" if url is None else url.value
    query = _convert_bus_options(config, report)
    urls = [_with_query(each, query) for each in _split_urls(text, "collector.transport_url")]
    name = "almanach" if topic is None else topic.value
    priorities = [*_PRIORITIES, *([_DEAD_PRIORITY] if with_dead_letters else [])]
    report.add_option(url, "collector_url", urls[0])
    report.add_option(topic, "collector_topics", [name])
    report.add_option(exchange, "collector_exchanges", ["openstack" if exchange is None else exchange.value])
    report.add_setting(f"(queues {name}.info, {name}.error)", "collector_pool", "")
    report.add_setting(f"(queues {name}.info, {name}.error)", "collector_priorities", priorities)
    _explain_dead_letters(report, f"{name}.{_DEAD_PRIORITY}", with_dead_letters=with_dead_letters)
    _add_sources(report, "collector.transport_url", urls[1:])


def _convert_kombu_bus(config: ConfigFile, report: ConversionReport, *, with_dead_letters: bool) -> None:
    settings = config.release.settings
    url, queue = config.find(settings["url"]), config.find(settings["queue"])
    routing_key, dead_queue = config.find(settings["routing_key"]), config.find(settings["dead_queue"])
    dead_exchange = config.find(settings["dead_exchange"])
    queue_name = "almanach.info" if queue is None else queue.value
    key = "almanach.info" if routing_key is None else routing_key.value
    own_topic, own_priority = _split_key(queue_name)
    topic, priority = (own_topic, own_priority) if own_priority else _split_key(key)
    urls = []
    if url is None:
        if with_dead_letters:
            raise CliError(f"{'.'.join(settings['url'])} is not set, but is required to consume dead letters")
        report.add_skipped_option(".".join(settings["url"]), "not set: set collector_url or RABBITMQ_URL")
    else:
        urls = [_convert_kombu_url(each) for each in _split_urls(url.value, url.label)]
        report.add_setting(url.label, "collector_url", urls[0])
    report.add_option(queue, "collector_pool", "" if own_priority else queue_name)
    topic_option = queue if own_priority else routing_key
    report.add_option(topic_option, "collector_topics", [topic])
    report.add_option(topic_option, "collector_priorities", [priority or "info"])
    report.add_setting("(exchanges of Nova and Cinder)", "collector_exchanges", list(_EXCHANGES))
    if routing_key is not None and own_priority:
        report.add_explanation(routing_key.label, "in collector_topics and collector_priorities")
    _add_sources(report, "" if url is None else url.label, urls[1:])
    dead_letters = "almanach.dead" if dead_queue is None else dead_queue.value
    _explain_dead_letters(report, dead_letters, with_dead_letters=with_dead_letters)
    if with_dead_letters:
        exchange = "almanach.dead" if dead_exchange is None else dead_exchange.value
        dead_topic, dead_priority = _split_key(key)
        _add_source(report, urls[0], [dead_topic], [exchange], pool=dead_letters, priorities=[dead_priority or "info"])
    for option in (dead_queue, dead_exchange):
        if option is not None and with_dead_letters:
            report.add_explanation(option.label, "in [[sources]]")
        elif option is not None:
            report.add_skipped_option(option.label, "not consumed, see dead letters")


def _explain_dead_letters(report: ConversionReport, queue: str, *, with_dead_letters: bool) -> None:
    if with_dead_letters:
        report.add_explanation("(dead letters)", f"messages in {queue} that Almanach gave up on are consumed")
    else:
        report.add_skipped_option(
            "(dead letters)",
            f"messages in {queue} that Almanach gave up on stay there; use --dead-letters to ingest them",
        )


def _add_sources(report: ConversionReport, label: str, urls: Sequence[str]) -> None:
    """Add the other buses, which have the same exchanges and queues as the first one."""
    for url in urls:
        _add_source(
            report,
            url,
            report.values["collector_topics"],
            report.values["collector_exchanges"],
            pool=report.values["collector_pool"],
            priorities=report.values["collector_priorities"],
        )
    if urls:
        report.add_explanation(label, f"[[sources]] {len(urls)} more, url = ***")


def _add_source(
    report: ConversionReport, url: str, topics: object, exchanges: object, *, pool: object, priorities: object
) -> None:
    source = {"url": url, "topics": topics, "exchanges": exchanges, "pool": pool, "priorities": priorities}
    sources = report.values.setdefault("sources", [])
    assert isinstance(sources, list)
    sources.append(source)


def _split_key(text: str) -> tuple[str, str]:
    """Split `TOPIC.PRIORITY`; without a priority, it is the topic."""
    topic, _, priority = text.rpartition(".")
    return (topic, priority) if topic and priority in PRIORITIES else (text, "")


def _convert_bus_options(config: ConfigFile, report: ConversionReport) -> dict[str, str]:
    """Return the options of [oslo_messaging_rabbit] that affect a consumer, as query of its URL."""
    from stratiform.interfaces.amqp.transport_url import ConsumerOptions  # not needed by other commands

    existing = {field.name for field in fields(ConsumerOptions)}
    query = {}
    for key in config.options:
        option = config.find(key) if key[0] == _OSLO_SECTION else None
        if option is None:
            continue
        name = _DEPRECATED_NAMES.get(key[1], key[1])
        if name in existing:
            query[name] = option.value
            report.add_explanation(option.label, f"collector_url, as {name}=…")
        else:
            report.add_skipped_option(option.label, "has no effect on consumers")
    return query


def _split_urls(text: str, label: str) -> list[str]:
    """Split a list of URLs at commas; a part without scheme is another host of the URL before it."""
    urls: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if "://" in part or not urls:
            urls.append(part)
        else:
            urls[-1] += f",{part}"
    if not urls:
        raise CliError(f"{label} is empty")
    return urls


def _convert_kombu_url(text: str) -> str:
    """Convert a URL of kombu, in which `;` separates the brokers of a cluster, to one with several hosts."""
    urls = [_KOMBU_SCHEMES.sub("rabbit", url.strip()) for url in re.split(r";(?=\s*\w+://)", text)]
    scheme, _, address = urls[0].partition("://")
    hosts, slash, path = address.partition("/")
    more = [url.partition("://")[2].partition("/")[0] for url in urls[1:]]
    return _with_query(f"{scheme}://{','.join([hosts, *more])}{slash}{path.partition('?')[0]}", _consumer_query(path))


def _consumer_query(path: str) -> dict[str, str]:
    """Return the options that a transport URL may have; those of kombu, such as `heartbeat`, are dropped."""
    from stratiform.interfaces.amqp.transport_url import ConsumerOptions  # not needed by other commands

    existing = {field.name for field in fields(ConsumerOptions)}
    return {name: value for name, value in parse_qsl(path.partition("?")[2]) if name in existing}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    existing = url.partition("?")[2]
    more = urlencode({name: value for name, value in query.items() if f"{name}=" not in existing})
    if not more:
        return url
    return f"{url}&{more}" if existing else f"{url.rstrip('?')}{'' if '/' in url.partition('://')[2] else '/'}?{more}"
