"""`stratiform import` for Almanach: reports each option of Almanach's configuration file and writes stratiform.toml."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratiform.app import home_folder as homes
from stratiform.app import settings
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.errors import Fault

_FILE = "stratiform.toml"


def import_almanach(file: Path, home: Path, *, dead_letters: bool, dry_run: bool) -> None:
    """Convert Almanach's configuration file to stratiform.toml in `home`; `dry_run`: only report. Raises: CliError."""
    from stratiform.app.almanach_import.conversion import convert  # not needed by other commands
    from stratiform.app.almanach_import.files import read_file

    target = home / _FILE
    if target.exists():
        raise CliError(f"{target} already exists", "move it, or choose another home with --into")
    config = read_file(file, os.environ)
    report = convert(config, with_dead_letters=dead_letters)
    text = _toml(report.values)
    if not dry_run:
        homes.prepare_folder(home)
        _write(target, text)
    print_line(f"{file} is a configuration file of Almanach {config.release.name}")
    for line in report.lines:
        print_line(line)
    result = "would be written" if dry_run else "written"
    print_line(f"{target} {result}. Almanach's clients can connect to http://HOST:{report.values['almanach_port']}")
    for warning in report.warnings:
        print_line(f"Warning: {warning}")


def _toml(values: Mapping[str, Any]) -> str:
    lines = ["# Converted from Almanach's configuration by `stratiform import`."]
    lines += [f"{key} = {_value(value)}" for key, value in values.items() if key != "sources"]
    for source in values.get("sources", ()):
        lines += ["", "[[sources]]", *(f"{key} = {_value(value)}" for key, value in source.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a TOML value: JSON strings, numbers and lists are valid TOML except for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(target: Path, text: str) -> None:
    """Write the file atomically, readable by its owner only, after checking that the settings are valid."""
    partial = target.with_name(".importing")
    partial.mkdir(exist_ok=True)
    try:
        _create(partial / _FILE, text)
        settings.load_settings(partial)
        os.link(partial / _FILE, target)
    except FileExistsError:
        raise CliError(f"{target} already exists", "move it, or choose another home with --into") from None
    except Fault as error:
        raise CliError(error.message.replace(str(partial / _FILE), "the converted settings"), error.hint) from error
    finally:
        (partial / _FILE).unlink(missing_ok=True)
        partial.rmdir()


def _create(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text)
