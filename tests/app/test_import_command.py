"""`stratiform import` of settings, and files that it refuses."""

import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from support.cloud_files import ACCENTOS, ATOMIA
from support.programs import Cli

URL = "mysql+pymysql://aos:hush@tst.stand.loc:3306/clouds?charset=utf8mb4"


@pytest.fixture
def cli(home: Path) -> Cli:
    return Cli(home)


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    file = tmp_path / "clouds.conf"
    file.write_text(ACCENTOS)
    return file


def test_database_of_accentos_is_added_to_the_settings(cli: Cli, conf: Path) -> None:
    cli.write_settings("port = 8790\n\n[[sources]]\nurl = 'rabbit://x'\n")
    output = cli("import", conf)
    assert "database_url = ***" in output
    assert "hush" not in output
    toml = cli.home / "stratiform.toml"
    assert tomllib.loads(toml.read_text()) == {"database_url": URL, "port": 8790, "sources": [{"url": "rabbit://x"}]}
    assert toml.stat().st_mode & 0o077 == 0
    assert "stratiform.toml unchanged" in cli("import", conf)


def test_dry_run_writes_nothing(cli: Cli, conf: Path) -> None:
    assert "nothing was changed" in cli("import", conf, "--dry-run")
    assert not cli.home.exists()


def test_other_database_is_kept(cli: Cli, conf: Path) -> None:
    cli.write_settings("database_url = 'sqlite:////tmp/other.db'\n")
    assert "sets database_url to another value" in cli("import", conf, exit_code=1)
    assert "other.db" in (cli.home / "stratiform.toml").read_text()


def test_home_with_a_database_is_kept(cli: Cli, conf: Path) -> None:
    cli.write_settings("")
    with closing(sqlite3.connect(cli.home / "stratiform.db")) as database:
        database.execute("CREATE TABLE x (y INTEGER)")
    assert "already has a database" in cli("import", conf, exit_code=1)
    assert (cli.home / "stratiform.toml").read_text() == ""


def test_home_with_an_empty_database_is_used(cli: Cli, conf: Path) -> None:
    cli("db", "list")
    assert (cli.home / "stratiform.db").exists()
    cli("import", conf)
    assert tomllib.loads((cli.home / "stratiform.toml").read_text())["database_url"] == URL


def test_invalid_database_url_is_not_written(cli: Cli, conf: Path) -> None:
    conf.write_text("[database]\nurl = \n[api]\nlogfile = x\n")
    output = cli("import", conf)
    assert "database.url" in output
    assert not (cli.home / "stratiform.toml").exists()


def test_file_with_only_logging_sections(cli: Cli, conf: Path) -> None:
    conf.write_text("[api]\nloglevel = DEBUG\n[worker]\nlogfile = x\n")
    output = cli("import", "--accentos", conf)
    assert "is a configuration file of AccentOS Clouds" in output
    assert "missing or empty: the database of the home is used" in output
    assert not (cli.home / "stratiform.toml").exists()


def test_secure_yaml_is_read_only_for_clouds_yaml(cli: Cli, conf: Path) -> None:
    conf.with_name("secure.yaml").write_bytes(b"\xff")
    assert "database_url = ***" in cli("import", conf, "--dry-run")
    clouds = conf.with_name("clouds.yaml")
    clouds.write_text("clouds:\n  a: {auth: {auth_url: http://k}}\n")
    assert "secure.yaml is not a valid configuration file" in cli.error_line("import", clouds, "--dry-run")


def test_almanach_dry_run_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "almanach.conf"
    file.write_text("[auth]\nprivate_key = hush\nstrategy = private_key\n")
    output = cli("import", file, "--dry-run")
    assert "stratiform.toml would be written" in output
    assert "hush" not in output
    assert not cli.home.exists()


def test_utf16_file_of_windows(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "resources.xml"
    file.write_text(ATOMIA.replace('"utf-8"', '"utf-16"'), encoding="utf-16")
    output = cli("import", file, "--dry-run")
    assert "Cloud openstack1 (openstack), from resource OpenStack1:" in output
    assert "hush" not in output


def test_refused_files(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert "Cannot read" in cli.error_line("import", file)
    file.write_bytes(b"\xc3\x28")
    assert "is not UTF-8" in cli.error_line("import", file)
    file.write_text("<resourceDescription>")
    assert "is not valid XML: line 1" in cli.error_line("import", file)
    with file.open("wb") as sink:
        sink.truncate((4 << 20) + 1)
    assert "is larger than 4 MiB" in cli.error_line("import", file)
