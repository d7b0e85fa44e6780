"""`stratiform import`: cloud accounts and settings from files of other systems; the format is detected."""

import os
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import get_client, session
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.errors import Fault

if TYPE_CHECKING:
    from stratiform.interfaces.cli.cloud_import.plan import ImportPlan, Parser, PlannedSetting

_SETTINGS_FILE = "stratiform.toml"

#: Larger files are not configuration files.
_MAX_BYTES = 4 << 20

#: In place of a project in a binding: all projects that have no binding of their own.
_UNBOUND_PROJECTS = "*"


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="File of Almanach, Atomia (XML), SlipStream (.conf), AccentOS (clouds.conf), Omni or clouds.yaml.",
            metavar="FILE",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what the file contains and what is missing; change nothing.")
    ] = False,
    clouds: Annotated[
        list[str] | None, typer.Option("--cloud", help="Import only this cloud of the file. Repeatable.")
    ] = None,
    projects: Annotated[
        list[str] | None, typer.Option("--project", help="Bind this project to the imported clouds. Repeatable.")
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="Let the imported clouds serve all projects without bindings.")
    ] = False,
    into: Annotated[Path | None, typer.Option(help="Home that stratiform.toml is written to; default: --home.")] = None,
    accentos: Annotated[
        bool, typer.Option("--accentos", help="The file is AccentOS's clouds.conf: do not detect the format.")
    ] = False,
    dead_letters: Annotated[
        bool,
        typer.Option("--dead-letters/--no-dead-letters", help="Almanach: also consume messages that it gave up on."),
    ] = False,
) -> None:
    """Import cloud accounts or settings from a file of another system.

    The format is detected. Secrets that the file does not have are read from
    STRATIFORM_CLOUD_<CLOUD>_<SETTING> or from a prompt.
    """
    from stratiform.interfaces.cli.cloud_import.detection import find_parser  # not needed by other commands

    home = (into or session.home).absolute()
    text = _read(file)
    secure = file.with_name("secure.yaml")
    if accentos:
        from stratiform.interfaces.cli.cloud_import.accentos import parse_accentos

        parser: Parser | None = parse_accentos
    else:
        parser = find_parser(text, lambda: _read(secure) if secure.is_file() else "")
    if parser is None:
        from stratiform.app.almanach_import import import_almanach

        import_almanach(file, home, dead_letters=dead_letters, dry_run=dry_run)
        return
    bound = [*(projects or []), *([_UNBOUND_PROJECTS] if default else [])]
    try:
        plan = parser(text).select(clouds or []).bind(bound)
    except Fault as error:
        raise CliError(f"{file}: {error.message}", error.hint) from error
    print_line(f"{file} is {plan.format}")
    _import_settings(plan, home, dry_run=dry_run)
    _import_accounts(plan, dry_run=dry_run)
    if dry_run:
        print_line("Dry run: nothing was changed.")


def _read(file: Path) -> str:
    """Return the text of a file in UTF-8 or, with a byte order mark, UTF-16. Raises: CliError."""
    try:
        with file.open("rb") as source:
            content = source.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise CliError(f"{file} is larger than {_MAX_BYTES >> 20} MiB", "import a configuration file")
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(f"{file} is not a valid configuration file: it is not UTF-8") from error


def _import_accounts(plan: "ImportPlan", *, dry_run: bool) -> None:
    """Report the accounts and the ignored entries, and apply the accounts once all are complete."""
    from stratiform.interfaces.cli.cloud_import.completion import complete_account

    can_prompt = not dry_run and sys.stdin is not None and sys.stdin.isatty()
    accounts, problems, ignored = [], [], [*plan.ignored]
    for account in plan.accounts:
        print_line(f"Cloud {account.name} ({account.kind}), from {account.label}:")
        try:
            complete = complete_account(account, os.environ, _prompt if can_prompt else None)
        except Fault as error:
            problems.append(error)
            print_line(f"! {error.message}{f' ({error.hint})' if error.hint else ''}")
            continue
        accounts.append(complete)
        for label, text in complete.lines:
            print_line(f"  {label:<44} {text}")
        ignored += complete.ignored
    for entry in ignored:
        print_line(f"- {entry.label:<44} {entry.reason}")
    if problems:
        raise CliError(
            f"{len(problems)} of {len(plan.accounts)} clouds cannot be imported; nothing was changed",
            "set what is missing in STRATIFORM_CLOUD_<CLOUD>_<SETTING>, or import the others with --cloud NAME",
        )
    if accounts and not dry_run:
        from stratiform.interfaces.cli.cloud_import.application import apply_accounts

        for line in apply_accounts(get_client(), accounts, plan.bindings):
            print_line(line)


def _prompt(text: str) -> str:
    return str(typer.prompt(text, hide_input=True))


def _import_settings(plan: "ImportPlan", home: Path, *, dry_run: bool) -> None:
    """Add the settings of the plan to stratiform.toml. Raises: CliError if it has other values."""
    if not plan.home_settings:
        return
    for setting in plan.home_settings:
        print_line(f"  {setting.label:<44} {setting.name} = {'***' if setting.is_secret else setting.value}")
    target = home / _SETTINGS_FILE
    text = _read(target) if target.exists() else ""
    missing = _find_missing(target, text, plan.home_settings)
    if missing and _has_tables(home / "stratiform.db"):
        raise CliError(
            f"{home} already has a database, {home / 'stratiform.db'}",
            "choose a new home with --into, or move the data with `stratiform backup` and `restore`",
        )
    if not missing:
        print_line(f"{target} unchanged")
    elif not dry_run:
        _write_settings(target, missing, text)
        print_line(f"{target} written")


def _has_tables(database: Path) -> bool:
    """Return True if the SQLite database of a home has tables; commands that only read create an empty one."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    except sqlite3.Error:  # not a database: keep it
        return True


def _find_missing(target: Path, text: str, settings: "Sequence[PlannedSetting]") -> "list[PlannedSetting]":
    """Return the settings that a settings file does not have. Raises: CliError if it has others values."""
    try:
        existing = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CliError(f"{target} is not valid TOML: {error}") from error
    for setting in settings:
        if existing.get(setting.name, setting.value) != setting.value:
            raise CliError(
                f"{target} sets {setting.name} to another value", "remove it, or choose another home with --into"
            )
    return [setting for setting in settings if setting.name not in existing]


def _write_settings(target: Path, settings: "Sequence[PlannedSetting]", text: str) -> None:
    """Write settings before the existing text, where they belong to no table, after checking the result."""
    import json

    from stratiform.app import home_folder
    from stratiform.app.settings import load_settings

    lines = [f"{setting.name} = {json.dumps(setting.value, ensure_ascii=False)}" for setting in settings]
    content = "\n".join(["# Imported by `stratiform import`.", *lines, text])
    home_folder.prepare_folder(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".importing") as folder:
        home_folder.write_private(Path(folder) / _SETTINGS_FILE, content)
        try:
            load_settings(Path(folder))
        except Fault as error:
            raise CliError(error.message.replace(f"{folder}/", ""), error.hint) from error
    home_folder.write_private(target, content)
