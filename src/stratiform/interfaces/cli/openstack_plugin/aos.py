"""`openstack aos configure` and `openstack aos db …`: AccentOS's commands for the module `clouds` of this machine.

They run the program `stratiform` with the home of this machine, and so need no sign-in.
Source: AccentOS, "Clouds: Installation and configuration".
"""

import argparse
import getpass
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from osc_lib.command import command
from osc_lib.exceptions import CommandError

_MODULE = "clouds"

#: The folders that AccentOS uses, and the variables that replace them.
_FOLDERS = {"AOS_CONFIG_DIR": "/etc/aos", "AOS_SYSTEMD_DIR": "/etc/systemd/system"}

_EXAMPLE = """\
# The configuration of the module clouds: copy it to clouds.conf.
# `openstack aos db migrate -n clouds` imports it to stratiform.toml in the home of the installation.

[database]
url = mysql+pymysql://aos:password@localhost:3306/clouds?charset=utf8
"""

_UNIT = """\
[Unit]
Description=Stratiform {program}
After=network-online.target

[Service]
User={user}
Environment=STRATIFORM_HOME={home}
ExecStart={python} -m stratiform {program}
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""

#: The programs of AccentOS's units.
_UNITS = {"aos-clouds-api.service": "api", "aos-clouds-worker.service": "worker"}

#: A line of `stratiform db list`.
_REVISION = re.compile(r"([* ]) (\S+)  (.*)")


class _ModuleCommand(command.Command):
    """A command with the option `-n`."""

    auth_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        return _add_module(super().get_parser(prog_name))


class Configure(_ModuleCommand):
    """Write the example of the configuration file, and systemd units for the API and the worker."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        _check_module(parsed_args.name)
        self._write(_folder("AOS_CONFIG_DIR") / "clouds.conf.example", _EXAMPLE, create=True)
        for name, program in _UNITS.items():
            unit = _UNIT.format(program=program, user=getpass.getuser(), home=_home(), python=sys.executable)
            self._write(_folder("AOS_SYSTEMD_DIR") / name, unit, create=False)

    def _write(self, file: Path, content: str, *, create: bool) -> None:
        """Write a file; its folder is created if `create` is set, and otherwise it is skipped without a folder."""
        try:
            if create:
                file.parent.mkdir(parents=True, exist_ok=True)
            elif not file.parent.is_dir():
                self.app.stdout.write(f"{file} skipped: the folder does not exist\n")
                return
            file.write_text(content)
        except OSError as error:
            raise CommandError(f"Cannot write {error.filename}: {error.strerror}") from error
        self.app.stdout.write(f"{file} written\n")


class ListMigrations(command.Lister):
    """List the migrations of the database, oldest first."""

    auth_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        return _add_module(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]:
        _check_module(parsed_args.name)
        return ("Number", "Revision", "Description", "Applied"), list_migrations()


class Migrate(_ModuleCommand):
    """Import clouds.conf, and migrate the database up or down."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--migration", metavar="<number>", help="Number or revision of a migration (default: the newest)"
        )
        parser.add_argument("--yes", action="store_true", help="Confirm that a migration down deletes data")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        _check_module(parsed_args.name)
        conf = _folder("AOS_CONFIG_DIR") / "clouds.conf"
        if conf.exists():
            self.app.stdout.write(_run("import", "--accentos", str(conf)))
        migrations = list_migrations()
        target = find_migration(migrations, parsed_args.migration)
        number, revision, _, _ = target
        applied = sum(migration[3] for migration in migrations)
        if number == len(migrations):
            self.app.stdout.write(_run("db", "upgrade"))
        elif number > applied:
            raise CommandError(f"Migration {number} cannot be the last one: the database is upgraded to the newest one")
        else:
            self.app.stdout.write(_run("db", "downgrade", revision, *(["--yes"] if parsed_args.yes else [])))
        self.app.stdout.write(f"Migrated to {number} ({revision})\n")


def list_migrations() -> list[tuple[int, str, str, bool]]:
    """Return number, revision, description and state of every migration."""
    matches = filter(None, map(_REVISION.fullmatch, _run("db", "list").splitlines()))
    return [(number, match[2], match[3], match[1] == "*") for number, match in enumerate(matches, 1)]


def find_migration(migrations: list[tuple[int, str, str, bool]], reference: str | None) -> tuple[int, str, str, bool]:
    """Return the migration with a number or revision, or the newest one for None. Raises: CommandError."""
    if reference is None:
        return migrations[-1]
    for migration in migrations:
        if reference in (str(migration[0]), migration[1]):
            return migration
    raise CommandError(f"Migration '{reference}' not found: there are {len(migrations)}, see openstack aos db list")


def _add_module(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("-n", "--name", metavar="<module>", required=True, help="Name of the module: clouds")
    return parser


def _check_module(name: str) -> None:
    if name != _MODULE:
        raise CommandError(f"Module '{name}' is not installed: the only module is {_MODULE}")


def _folder(variable: str) -> Path:
    return Path(os.environ.get(variable) or _FOLDERS[variable])


def _home() -> Path:
    return Path(os.environ.get("STRATIFORM_HOME") or Path.home() / ".stratiform").absolute()


def _run(*arguments: str) -> str:
    """Return the output of a `stratiform` command. Raises: CommandError with its error."""
    result = subprocess.run(  # noqa: S603 - our own program; arguments are not passed to a shell
        [sys.executable, "-m", "stratiform", *arguments, "--home", str(_home())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CommandError(result.stderr.strip().removeprefix("stratiform: ") or f"exit status {result.returncode}")
    return result.stdout
