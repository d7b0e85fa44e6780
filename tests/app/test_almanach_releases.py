"""Almanach's configuration files of each release, read as Almanach reads them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from stratiform.app.almanach_import.options import RELEASES, AlmanachRelease
from stratiform.interfaces.amqp.transport_url import parse_transport_url
from stratiform.interfaces.cli.errors import CliError
from support.almanach_files import convert_text

#: Every option that Almanach 1.0 to 3.2 documents.
RELEASE_1 = """
[ALMANACH]
auth_token=my hush token
auth_strategy=private_key
volume_existence_threshold=60
device_metadata_whitelist=metering.billing_mode,team

[MONGODB]
url=mongodb://almanach:hush-mongo@mongo:27017/almanach
database=almanach
indexes=project_id,start,end

[RABBITMQ]
url=amqp://openstack:hush-rabbit@rabbit:5672
queue=almanach.info
exchange=almanach.info
routing.key=almanach.info
retry.time.to.live=10
retry.exchange=almanach.retry
retry.maximum=3
retry.queue=almanach.retry
retry.return.exchange=almanach
dead.queue=almanach.dead
dead.exchange=almanach.dead

[KEYSTONE]
username=my_service_username
password=hush-keystone
tenant_name=my_service_tenant_name
auth_url=http://keystone:5000/v2.0
"""

CONVERTED_1 = {
    "collector_url": "amqp://openstack:hush-rabbit@rabbit:5672",
    "collector_pool": "",
    "collector_topics": ["almanach"],
    "collector_priorities": ["info"],
    "collector_exchanges": ["nova", "cinder", "openstack"],
    "almanach_auth": "private_key",
    "almanach_private_key": "my hush token",
    "almanach_keystone_url": "http://keystone:5000/v3",
    "almanach_keystone_username": "my_service_username",
    "almanach_keystone_password": "hush-keystone",
    "almanach_keystone_project": "my_service_tenant_name",
    "almanach_host": "127.0.0.1",
    "almanach_port": 8000,
    "almanach_metadata": ["metering.billing_mode", "team"],
}

RELEASE_3_3 = """
[database]
driver = mongodb
connection_url = mongodb://almanach:hush-mongo@mongo:27017/almanach
[api]
bind_ip = 0.0.0.0
bind_port = 8001
[collector]
url = amqp://openstack:hush-rabbit@rabbit:5672//
heartbeat = 540
queue = usage.info
exchange = usage.info
routing_key = usage.info
retry_queue = usage.retry
retry_exchange = usage.retry
retry_return_exchange = usage
retry_ttl = 10
max_retries = 3
dead_queue = usage.dead
dead_exchange = usage.dead
[auth]
strategy = keystone
keystone_username = almanach
keystone_password = hush-keystone
keystone_tenant = service
keystone_url = https://keystone:5000/v2.0/
[resources]
volume_existence_threshold = 60
device_metadata_whitelist = team
"""

CONVERTED_3_3 = {
    "collector_url": "amqp://openstack:hush-rabbit@rabbit:5672//",
    "collector_pool": "",
    "collector_topics": ["usage"],
    "collector_priorities": ["info"],
    "collector_exchanges": ["nova", "cinder", "openstack"],
    "almanach_auth": "keystone",
    "almanach_keystone_url": "https://keystone:5000/v3",
    "almanach_keystone_username": "almanach",
    "almanach_keystone_password": "hush-keystone",
    "almanach_keystone_project": "service",
    "almanach_host": "0.0.0.0",
    "almanach_port": 8001,
    "almanach_metadata": ["team"],
}


def list_options(text: str) -> list[str]:
    """Return SECTION.NAME of every option in `text`."""
    labels, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            labels.append(f"{section}.{line.partition('=')[0].strip()}")
    return labels


@pytest.mark.parametrize(
    ("text", "converted"), [(RELEASE_1, CONVERTED_1), (RELEASE_3_3, CONVERTED_3_3)], ids=["1.0 to 3.2", "3.3"]
)
def test_every_option_is_converted_or_listed_with_a_reason(
    tmp_path: Path, text: str, converted: Mapping[str, object]
) -> None:
    report = convert_text(tmp_path, text)
    assert report.values == converted
    assert report.warnings == []
    output = "\n".join(report.lines)
    assert [label for label in list_options(text) if f" {label} " not in output] == []
    assert "hush" not in output
    assert "unknown" not in output


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_reasons_of_unused_options_are_listed(tmp_path: Path, release: AlmanachRelease) -> None:
    sections: dict[str, list[str]] = {section: [] for section in release.sections}
    for section, name in release.unused:
        sections[section].append(f"{name} = 1")
    text = "\n".join(f"[{section}]\n" + "\n".join(names) for section, names in sections.items())
    if release is RELEASES[1]:
        text += "\n[collector]\nurl = amqp://rabbit\n"
    lines = convert_text(tmp_path, text).lines
    for (section, name), reason in release.unused.items():
        assert any(line.startswith(f"- {section}.{name} ") and line.endswith(reason) for line in lines)


@pytest.mark.parametrize(
    "header",
    ["[DEFAULT]\n", "[DEFAULT]\n\n# nothing\n", "[default]\n", "[DEFAULT]\nverbose = true\n"],
)
def test_default_section_changes_nothing(tmp_path: Path, header: str) -> None:
    assert convert_text(tmp_path, header + RELEASE_1).values == CONVERTED_1


@pytest.mark.parametrize("change", [str.lower, str.capitalize, str.upper])
def test_case_of_sections_and_options_does_not_matter(tmp_path: Path, change: object) -> None:
    assert callable(change)
    lines = [change(line) if line.startswith("[") else line for line in RELEASE_1.splitlines()]
    assert convert_text(tmp_path, "\n".join(lines)).values == CONVERTED_1
    capitals = RELEASE_1.replace("auth_token", "AUTH_TOKEN").replace("routing.key", "Routing.Key")
    assert convert_text(tmp_path, capitals).values == CONVERTED_1


def test_case_of_sections_does_not_matter_to_oslo(tmp_path: Path) -> None:
    report = convert_text(tmp_path, "[Auth]\nprivate_key = k\n[API]\nbind_port = 8001\n[Default]\ndebug = true\n")
    assert report.values["almanach_private_key"] == "k"
    assert report.values["almanach_port"] == 8001
    assert report.values["log_level"] == "DEBUG"


@pytest.mark.parametrize("header", ["[ALMANACH]\n", ""])
def test_options_in_default_apply_to_all_sections_of_release_1(tmp_path: Path, header: str) -> None:
    text = f"[DEFAULT]\nauth_token = k\nusername = u\nrouting.key = usage.error\nqueue = q\nfoo = 1\n{header}"
    report = convert_text(tmp_path, text)
    assert report.values["almanach_private_key"] == "k"
    assert report.values["almanach_keystone_username"] == "u"
    assert (report.values["collector_pool"], report.values["collector_topics"]) == ("q", ["usage"])
    assert any(line.startswith("- DEFAULT.foo ") for line in report.lines)


def test_section_takes_precedence_over_default(tmp_path: Path) -> None:
    text = "[DEFAULT]\nurl = amqp://wrong\n[ALMANACH]\nauth_token = k\n[RABBITMQ]\nurl = amqp://right\n"
    assert convert_text(tmp_path, text).values["collector_url"] == "amqp://right"


def test_options_in_the_wrong_section_are_listed(tmp_path: Path) -> None:
    text = "[DEFAULT]\nprivate_key = lost\ntransport_url = rabbit://x\n[auth]\n[database]\nurl = x\nauth_token = y\n"
    lines = convert_text(tmp_path, text).lines
    assert any(line.startswith("- DEFAULT.private_key ") and line.endswith("in [auth] only") for line in lines)
    assert any(line.startswith("- DEFAULT.transport_url ") and line.endswith("in [collector] only") for line in lines)
    assert any(line.startswith("- database.auth_token ") and "unknown" in line for line in lines)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("auth_token=abc", "abc"),
        ("auth_token = my secret token ", "my secret token"),
        ("auth_token: abc", "abc"),
        ("auth_token=abc ; a comment", "abc"),
        ("auth_token=abc;no comment", "abc;no comment"),
        ("auth_token=abc # no comment", "abc # no comment"),
        ("# auth_token=old\n; auth_token=older\nauth_token=abc", "abc"),
        ("auth_token=old\nauth_token=abc", "abc"),
        ("auth_token=old\n[ALMANACH]\nauth_token=abc", "abc"),
        ("auth_token=100%safe", "100%safe"),
        ("auth_token=%(user)s", "%(user)s"),
        ("auth_token=pa$$word$x", "pa$$word$x"),
        ("auth_token=a=b:c", "a=b:c"),
        ("auth_token=\u00e9\u00df", "\u00e9\u00df"),
    ],
)
def test_values_of_release_1_are_not_interpolated(tmp_path: Path, line: str, key: str) -> None:
    report = convert_text(tmp_path, f"[ALMANACH]\n{line}\n")
    assert report.values["almanach_private_key"] == key


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("pa$$word", "pa$word"),
        (r"pa\$word", "pa$word"),
        ("$part-1", "p-1"),
        ("${part}s", "ps"),
        ("$collector.topic", "usage"),
        ("$chain", "p!"),
        ("100%safe ; # all of it", "100%safe ; # all of it"),
        ("5$ and $5", "5$ and $5"),
    ],
)
def test_references_of_oslo_are_resolved(tmp_path: Path, value: str, key: str) -> None:
    text = f"[DEFAULT]\npart = p\nchain = ${{part}}!\n[collector]\ntopic = usage\n[auth]\nprivate_key = {value}\n"
    assert convert_text(tmp_path, text).values["almanach_private_key"] == key


@pytest.mark.parametrize("value", ["pa$word", "${none.at_all}", "$private_key", "$a"])
def test_unknown_and_circular_references_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(CliError, match=r"private_key refers to \$|DEFAULT.b refers to \$a"):
        convert_text(tmp_path, f"[DEFAULT]\na = $b\nb = $a\n[auth]\nprivate_key = {value}\n")


def test_environment_overrides_the_file_of_release_1(tmp_path: Path) -> None:
    environment = {"ALMANACH_AUTH_TOKEN": "env-key", "RABBITMQ_URL": "amqp://env", "RABBITMQ_ROUTING.KEY": "a.info"}
    report = convert_text(tmp_path, "[ALMANACH]\nauth_token = k\n", environment)
    assert report.values["almanach_private_key"] == "env-key"
    assert report.values["collector_url"] == "amqp://env"
    assert any("RABBITMQ_URL in the environment" in line for line in report.lines)


def test_environment_does_not_change_later_releases(tmp_path: Path) -> None:
    report = convert_text(tmp_path, "[auth]\nprivate_key = k\n", {"RABBITMQ_URL": "amqp://env"})
    assert report.values["collector_url"] == "rabbit://guest:guest@localhost:5672"


def test_missing_bus_of_release_1_is_listed(tmp_path: Path) -> None:
    """README's example has none, because containers get it from the environment."""
    report = convert_text(tmp_path, "[ALMANACH]\nauth_token=my secret token\n")
    assert "collector_url" not in report.values
    assert any(line.startswith("- RABBITMQ.url ") and "RABBITMQ_URL" in line for line in report.lines)


@pytest.mark.parametrize(
    ("url", "converted"),
    [
        ("amqp://u:p@a:5672//", ["amqp://u:p@a:5672//"]),
        ("pyamqp://u:p@a/vh", ["rabbit://u:p@a/vh"]),
        ("librabbitmq://a", ["rabbit://a"]),
        ("amqp://u:p@a:1/vh;amqp://v:q@b:2/vh", ["amqp://u:p@a:1,v:q@b:2/vh"]),
        ("amqp://a/vh?heartbeat=30&ssl=1", ["amqp://a/vh?ssl=1"]),
        ("amqp://a, amqp://b", ["amqp://a", "amqp://b"]),
    ],
)
def test_urls_of_kombu(tmp_path: Path, url: str, converted: list[str]) -> None:
    report = convert_text(tmp_path, f"[ALMANACH]\nauth_token=k\n[RABBITMQ]\nurl={url}\n")
    sources = report.values.get("sources", [])
    assert isinstance(sources, list)
    urls = [str(report.values["collector_url"]), *(source["url"] for source in sources)]
    assert urls == converted
    for each in urls:
        parse_transport_url(each, "url")


def test_queue_without_priority_is_consumed_by_name(tmp_path: Path) -> None:
    values = convert_text(tmp_path, "[RABBITMQ]\nqueue=usage\nrouting.key=notifications.info\n").values
    assert (values["collector_pool"], values["collector_topics"], values["collector_priorities"]) == (
        "usage",
        ["notifications"],
        ["info"],
    )


@pytest.mark.parametrize("text", [RELEASE_1, RELEASE_3_3], ids=["1.0 to 3.2", "3.3"])
def test_dead_letters_are_consumed_on_request(tmp_path: Path, text: str) -> None:
    without = convert_text(tmp_path, text)
    assert "sources" not in without.values
    assert any(line.startswith("- (dead letters) ") and "--dead-letters" in line for line in without.lines)
    report = convert_text(tmp_path, text, with_dead_letters=True)
    topic = "almanach" if text is RELEASE_1 else "usage"
    assert report.values["sources"] == [
        {
            "url": report.values["collector_url"],
            "topics": [topic],
            "exchanges": [f"{topic}.dead"],
            "pool": f"{topic}.dead",
            "priorities": ["info"],
        }
    ]
    assert any(line.startswith("  (dead letters) ") for line in report.lines)


def test_dead_letters_of_release_4(tmp_path: Path) -> None:
    text = "[auth]\nprivate_key = k\n[collector]\ntopic = usage\n"
    without = convert_text(tmp_path, text)
    assert without.values["collector_priorities"] == ["info", "error"]
    assert any(line.startswith("- (dead letters) ") and "usage.critical" in line for line in without.lines)
    with_them = convert_text(tmp_path, text, with_dead_letters=True)
    assert with_them.values["collector_priorities"] == ["info", "error", "critical"]


def test_dead_letters_need_a_bus(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"RABBITMQ\.url is not set"):
        convert_text(tmp_path, "[ALMANACH]\nauth_token=k\n", with_dead_letters=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[ALMANACH]\nauth_token=hush\n[auth]\nprivate_key=x\n", "sections of Almanach 1.0 to 3.2"),
        ("[ALMANACH]\nauth_token=hush\nhush\n", "line 3 is neither"),
        ("hush\n[ALMANACH]\n", "line 1 is neither"),
        ("[auth]\nhush\n", "line 2 is neither"),
        ("[nova]\nx = hush\n", "does not contain any of Almanach"),
        ("", "does not have any sections"),
        ("hush", "does not have any sections"),
    ],
)
def test_invalid_files_are_refused_without_their_text(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CliError, match=problem) as refused:
        convert_text(tmp_path, text)
    assert "hush" not in str(refused.value)


def test_options_of_another_release_are_listed(tmp_path: Path) -> None:
    text = "[collector]\ntransport_url = rabbit://x\ntopic = t\nqueue = q\n[auth]\nprivate_key = k\n"
    lines = convert_text(tmp_path, text).lines
    assert any(line.startswith("- collector.queue ") and "an option of Almanach 3.3" in line for line in lines)
