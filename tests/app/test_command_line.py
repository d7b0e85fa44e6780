"""What the `stratiform` program says where its line can't be understood."""

from pathlib import Path

import pytest

from support.programs import Shell


@pytest.mark.parametrize(
    ("line", "message"),
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
def test_a_line_that_is_not_understood_is_told_in_one_line(tmp_path: Path, line: str, message: str) -> None:
    done = Shell(tmp_path / "home").both(*line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"stratiform: {message}")
    assert done.stderr.count("\n") == 1
    assert "╭" not in done.stderr


def test_a_noun_alone_shows_its_help(tmp_path: Path) -> None:
    done = Shell(tmp_path / "home").both("usage", "rejected")
    assert (done.returncode, done.stderr) == (2, "")
    assert "drop" in done.stdout


def test_codes_are_those_of_the_commands(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "home")
    assert shell("version").count("\n") == 1
    assert "not running" in shell("status", fails=3)
    assert shell("usage", "list", fails=1).startswith("stratiform: no installation in ")
