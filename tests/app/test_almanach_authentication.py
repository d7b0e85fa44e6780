"""Authentication in Almanach's configuration files: strategies, private keys and Keystone."""

from pathlib import Path

import pytest

from stratiform.interfaces.cli.errors import CliError
from support.almanach_files import convert_text

KEYSTONE_4 = """
[auth]
strategy = keystone
[keystone_authtoken]
username = almanach
password = hush
auth_url = http://keystone:5000/v3
"""


@pytest.mark.parametrize(
    ("strategy", "method"),
    [
        ("", "private_key"),
        ("private_key", "private_key"),
        ("token", "private_key"),
        ("keystone", "keystone"),
        ("token,keystone", "token,keystone"),
        ("keystone,token", "token,keystone"),
    ],
)
def test_authentication_strategies(tmp_path: Path, strategy: str, method: str) -> None:
    report = convert_text(tmp_path, KEYSTONE_4.replace("= keystone\n", f"= {strategy}\nprivate_key = k\n"))
    assert report.values["almanach_auth"] == method
    assert report.values["almanach_private_key"] == "k"
    assert any(line.endswith(f'almanach_auth = "{method}"') for line in report.lines)


@pytest.mark.parametrize("strategy", ["keystoen", "Keystone", "none", "private-key"])
def test_unknown_strategy_is_refused(tmp_path: Path, strategy: str) -> None:
    """Almanach would accept the private key only, without a notice."""
    with pytest.raises(CliError, match=r"ALMANACH\.auth_strategy is not a valid strategy"):
        convert_text(tmp_path, f"[ALMANACH]\nauth_token=k\nauth_strategy={strategy}\n")


@pytest.mark.parametrize("option", ["username", "password", "auth_url"])
@pytest.mark.parametrize("strategy", ["keystone", "token,keystone"])
def test_incomplete_keystone_is_refused(tmp_path: Path, strategy: str, option: str) -> None:
    text = KEYSTONE_4.replace("strategy = keystone", f"strategy = {strategy}")
    lines = [line for line in text.splitlines() if not line.startswith(option)]
    with pytest.raises(CliError, match=rf"keystone_authtoken\.{option} is not set"):
        convert_text(tmp_path, "\n".join(lines))
    with pytest.raises(CliError, match=rf"KEYSTONE\.{option} is not set"):
        convert_text(
            tmp_path,
            "\n".join(lines)
            .replace("[auth]", "[ALMANACH]")
            .replace("strategy", "auth_strategy")
            .replace("keystone_authtoken", "KEYSTONE"),
        )


def test_public_key_is_not_converted_for_keystone(tmp_path: Path) -> None:
    report = convert_text(tmp_path, KEYSTONE_4.replace("= keystone\n", "= keystone\nprivate_key = secret\n"))
    assert "almanach_private_key" not in report.values
    assert any(line.startswith("- auth.private_key ") for line in report.lines)
