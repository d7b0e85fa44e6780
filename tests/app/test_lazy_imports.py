"""A command loads what it needs: help and version nothing but texts, a client no code of the server."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typer

from stratiform.app import commands
from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.lazy_commands import LazyCommand
from support.ports import free_port
from support.processes import clean_environment
from support.programs import Cli

#: Runs a command, and prints the loaded modules after everything that the command prints.
_CODE = """
import sys
from stratiform.app.commands import run
try:
    run()
finally:
    print("MODULES", *sys.modules)
"""

SERVER = {
    "alembic", "amqp", "babel", "bcrypt", "boto3", "botocore", "cryptography", "duckdb", "granian", "grpc", "jinja2",
    "keystoneauth1", "litestar", "msgspec", "openstack", "oslo_config", "psycopg", "pyarrow", "pymysql", "sqlalchemy",
    "stratiform.app.settings", "stratiform.app.wiring", "stratiform.connectors", "stratiform.contract",
    "stratiform.interfaces.endpoints", "stratiform.interfaces.openstack", "stratiform.interfaces.portal",
    "stratiform.interfaces.rest", "stratiform.kit.database", "stratiform.migrations", "stratiform.services", "typst",
}  # fmt: skip
CLIENT = {"httpx", "ssl", "stratiform.interfaces.cli.client", "yaml"}


def loaded(*arguments: object) -> set[str]:
    """Run a command that succeeds. Return the modules that it has loaded, and their packages."""
    command = [sys.executable, "-c", _CODE, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    assert result.returncode == 0, result.stderr
    modules = result.stdout.rpartition("MODULES ")[2].split()
    return {name.rsplit(".", depth)[0] for name in modules for depth in range(name.count(".") + 1)}


@pytest.mark.parametrize("arguments", ["version", "--help", "usage --help", "account --help", "db --help", "up --help"])
def test_help_and_version_load_neither_client_nor_server(arguments: str) -> None:
    modules = loaded(*arguments.split())
    assert modules & (SERVER | CLIENT) == set()
    if arguments == "version":
        assert "rich" not in modules


def test_client_command_loads_no_code_of_the_server(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "home")
    try:
        cli("up", "--detach", "--port", free_port())
        modules = loaded("account", "list", "--home", cli.home)
        assert modules & SERVER == set()
        assert modules >= {"httpx", "stratiform.interfaces.cli.account"}
        assert modules & {"stratiform.interfaces.cli.clouds", "stratiform.interfaces.cli.usage"} == set()
    finally:
        cli.stop()


def tables() -> Iterator[tuple[str, str, LazyCommand]]:
    groups: tuple[tuple[str, Mapping[str, LazyCommand]], ...] = (("", commands.COMMANDS), ("usage", usage.COMMANDS))
    for group, table in groups:
        for name, command in table.items():
            yield group, name, command


@pytest.mark.parametrize(("group", "name", "command"), tables())
def test_table_has_the_first_line_of_the_help_of_each_command(group: str, name: str, command: LazyCommand) -> None:
    loaded_command: typer.core.TyperCommand = command.load(name)
    assert loaded_command.help is not None
    assert " ".join(loaded_command.help.split("\n\n")[0].split()) == command.help
