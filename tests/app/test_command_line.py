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
        ("usage list --fromm 2026", "no such option: --fromm (did you mean --format or --from? `stratiform usage list"),
        ("usage lst", "no such command 'lst'. Did you mean 'list'? (`stratiform usage --help` tells more)"),
        ("usage list --format xml", "invalid value for '--format' / '-f': 'xml' is not one of 'table', 'json' ("),
        ("usage list --format", "option '--format' requires an argument ("),
        ("usage audit", "missing option '--period' (`stratiform usage audit --help` tells more)"),
        ("usage list more", "got unexpected extra argument(s) (more) ("),
        ("up --port x", "invalid value for '--port': "),
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
    assert "drop" in result.stdout


def test_exit_codes(cli: Cli) -> None:
    assert cli("version").count("\n") == 1
    assert "not running" in cli("status", exit_code=3)
    assert cli("usage", "list", exit_code=1).startswith("stratiform: no installation in ")
