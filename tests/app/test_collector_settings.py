"""Settings of the collector: invalid ones are refused before it starts, without the passwords of URLs."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from stratiform.app.collector import collect, parse_addresses
from stratiform.app.settings import MessageBus, Settings
from stratiform.kit.errors import Invalid
from support.bus import URL
from support.stacks import ServiceHarness


@pytest.mark.parametrize("url", ["nonsense", "rabbit:///", "http://127.0.0.1/", "rabbit://u:hush@h:port/"])
def test_invalid_url_is_refused_without_the_password(service_harness: ServiceHarness, home: Path, url: str) -> None:
    with pytest.raises(Invalid) as error:
        collect(replace(Settings(home=home), collector_url=url), service_harness.services, threading.Event())
    assert "hush" not in error.value.message
    assert "collector_url" in error.value.message


def test_error_names_the_source(home: Path) -> None:
    valid, invalid = MessageBus(url="rabbit://one/"), MessageBus(url="rabbit://u:hush@two:x/")
    with pytest.raises(Invalid, match=r"^url of \[\[sources]] number 2 is not a valid transport URL"):
        parse_addresses(Settings(home=home, sources=(valid, invalid)))
    with pytest.raises(Invalid, match="name of a cloud"):
        parse_addresses(Settings(home=home, sources=(replace(valid, cloud=""),)))


@pytest.mark.parametrize(
    ("priorities", "problem"), [(("info", "urgent"), "unknown priority 'urgent'"), ((), "no priorities")]
)
def test_invalid_priorities_are_refused(home: Path, priorities: tuple[str, ...], problem: str) -> None:
    with pytest.raises(Invalid, match=f"collector_url has {problem}"):
        parse_addresses(Settings(home=home, collector_url=URL, collector_priorities=priorities))


def test_clouds_do_not_share_a_queue(home: Path) -> None:
    source = MessageBus(url="rabbit://a:b@one,a:b@two/x", cloud="north", pool="mine")
    for other in (MessageBus(url="rabbit://c:d@two/x", pool="mine"), replace(source, cloud="south")):
        with pytest.raises(Invalid, match=r"number 2 uses the same queue 'mine' as url of \[\[sources]] number 1"):
            parse_addresses(Settings(home=home, sources=(source, other)))
    separate = (source, replace(source, cloud="south", pool="other"), replace(source, topics=("more",)))
    assert len(parse_addresses(Settings(home=home, sources=separate))) == 3
