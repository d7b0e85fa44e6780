"""Usage errors of the `stratiform` program."""

from pathlib import Path

import pytest

from support.programs import Cli


@pytest.fixture
def cli(home: Path) -> Cli:
    return Cli(home)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "usage list --fromm 2026",
            "No such option: --fromm (did you mean --format or --from? see `stratiform usage list",
        ),
        ("usage lst", "No such command 'lst'. Did you mean 'list'? (see `stratiform usage --help`)"),
        (
            "usage list --format xml",
            "Invalid value for '--format' / '-f': 'xml' is not one of 'table', 'json', 'yaml', 'csv', 'value'",
        ),
        ("status --format csv", "Invalid value for '--format' / '-f': 'csv' is not one of 'table', 'json', 'yaml'"),
        ("usage list --format", "Option '--format' requires an argument ("),
        ("usage audit", "Missing option '--period' (see `stratiform usage audit --help`)"),
        ("usage list more", "Got unexpected extra argument(s) (more) ("),
        ("up --port x", "Invalid value for '--port': "),
        ("up --port 8_780", "Invalid value for '--port': '8_780' is not a port from 1 to 65535"),
        ("up --port ٨٧٨٠", "Invalid value for '--port': "),
        ("up --port 65536", "Invalid value for '--port': "),
    ],
)
def test_usage_error_is_one_line(cli: Cli, arguments: str, message: str) -> None:
    result = cli.run(*arguments.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"stratiform: {message}")
    assert result.stderr.count("\n") == 1
    assert "╭" not in result.stderr


def test_group_without_a_command_prints_its_help(cli: Cli) -> None:
    result = cli.run("usage", "rejected")
    assert (result.returncode, result.stderr) == (2, "")
    assert "delete" in result.stdout


def test_exit_codes(cli: Cli) -> None:
    assert cli("version").count("\n") == 1
    assert "not running" in cli("status", exit_code=3)
    assert cli("usage", "list", exit_code=1).startswith("stratiform: No installation found in ")


def test_version_is_also_an_option(cli: Cli) -> None:
    assert cli("--version") == cli("version")


@pytest.mark.parametrize("group", ["", "status", "account", "account list", "usage rejected", "db upgrade"])
def test_h_is_short_for_help(cli: Cli, group: str) -> None:
    output = cli(*group.split(), "-h")
    assert output == cli(*group.split(), "--help")
    assert f"Usage: stratiform {group}".strip() in output


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("us", {"usage"}),
        ("usage rejected ", {"list", "show", "delete", "replay"}),
        ("--home /srv/a account create --cu", {"--currency"}),
        ("usage list --format ", {"table", "json", "yaml", "csv", "value"}),
        ("clouds add ", set()),
        ("clouds add aws --re", set()),
    ],
)
def test_shell_completion(cli: Cli, typed: str, completions: set[str]) -> None:
    line = f"stratiform {typed}"
    variables = {"_STRATIFORM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    result = cli.run(**variables)
    assert set(result.stdout.split()) == completions
    assert result.stderr == ""
    assert not cli.home.exists(), "completion does not need an installation"
