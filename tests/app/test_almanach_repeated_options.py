"""Options of Almanach's configuration files that have no effect, because another one takes precedence."""

from pathlib import Path

import pytest

from support.almanach_files import convert_text

RELEASE_1 = """
[ALMANACH]
auth_token=my hush token
auth_strategy=private_key

[RABBITMQ]
url=amqp://openstack:hush-rabbit@rabbit:5672
"""

RELEASE_3_3 = """
[api]
bind_port = 8001
[collector]
url = amqp://rabbit
[auth]
private_key = k
"""


@pytest.mark.parametrize(
    ("text", "setting", "value", "skipped"),
    [
        (
            RELEASE_1.replace("auth_token=my hush token", "auth_token=hush first\nauth_token=second"),
            "almanach_private_key",
            "second",
            "ALMANACH.auth_token set again as ALMANACH.auth_token: the last value applies",
        ),
        (
            RELEASE_1.replace("auth_token=my hush token", "Auth_Token=hush first\nauth_token=second"),
            "almanach_private_key",
            "second",
            "ALMANACH.Auth_Token set again as ALMANACH.auth_token: the last value applies",
        ),
        (
            RELEASE_1 + "[Almanach]\nauth_token=second\n",
            "almanach_private_key",
            "second",
            "ALMANACH.auth_token set again as Almanach.auth_token: the last value applies",
        ),
        (
            "[DEFAULT]\nauth_token=hush\n" + RELEASE_1,
            "almanach_private_key",
            "my hush token",
            "DEFAULT.auth_token overridden by ALMANACH.auth_token",
        ),
        (
            RELEASE_3_3 + "[API]\nbind_port = 8002\n",
            "almanach_port",
            8002,
            "api.bind_port set again as API.bind_port: the last value applies",
        ),
        (
            RELEASE_3_3.replace("bind_port = 8001", "bind_port = 8001\nbind_port = 8002"),
            "almanach_port",
            8002,
            "api.bind_port set again as api.bind_port: the last value applies",
        ),
    ],
)
def test_repeated_options_are_listed(tmp_path: Path, text: str, setting: str, value: object, skipped: str) -> None:
    report = convert_text(tmp_path, text)
    assert report.values[setting] == value
    assert skipped in [" ".join(line.removeprefix("-").split()) for line in report.lines]
    assert "hush first" not in "\n".join(report.lines)


def test_options_that_the_environment_overrides_are_listed(tmp_path: Path) -> None:
    report = convert_text(tmp_path, RELEASE_1, {"ALMANACH_AUTH_TOKEN": "other"})
    assert report.values["almanach_private_key"] == "other"
    (line,) = [line for line in report.lines if line.startswith("- ALMANACH.auth_token ")]
    assert line.endswith("overridden by ALMANACH_AUTH_TOKEN in the environment")
