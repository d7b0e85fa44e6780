"""Commands with one option for each setting that a connector declares.

Secrets come from a file, from the environment or from a prompt: every user of the machine can read the arguments of a
process.
"""

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import typer
import typer.main
from typer.core import TyperCommand

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import Format, FormatOption


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as `GET /api/v1/cloud-kinds` describes it."""

    name: str
    help: str
    secret: bool
    required: bool
    default: str

    @property
    def option_name(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def environment_variable(self) -> str:
        """The environment variable of the setting."""
        return f"STRATIFORM_CLOUD_{self.name.upper()}"

    @property
    def is_required(self) -> bool:
        return self.required and not self.default

    def describe(self) -> str:
        """Return the setting with its notes and its help on one line."""
        default = f"default {self.default}" if self.default else ""
        optional = "" if self.is_required or self.default else "optional"
        notes = ", ".join(filter(None, ("secret" if self.secret else "", default, optional)))
        return f"{self.name}{f' ({notes})' if notes else ''}: {self.help}"


def parse_settings(kind: Mapping[str, Any]) -> list[Setting]:
    """Return the settings of a kind of cloud."""
    names = Setting.__dataclass_fields__
    return [Setting(**{name: setting[name] for name in names}) for setting in kind["settings"]]


def build_create_command(
    name: str, settings: Sequence[Setting], run: Callable[[str, dict[str, str], Format], None]
) -> object:
    """Return the command that adds a cloud; it calls `run` with the cloud's name, its settings and the format."""
    cloud_name = Annotated[
        str, typer.Option("--name", help="Name of the cloud, which also appears in events and on invoices.")
    ]

    def add(name: str, output: Format, prompt: list[str] | None = None, **values: object) -> None:
        run(name, _read_values(settings, values, prompt or [], is_new=True), output)

    options = [_parameter("name", cloud_name), *_setting_options(settings, is_new=True)]
    return _build_command(name, add, options, f"Add a cloud of the kind {name} after checking its credentials.")


def build_update_command(
    cloud: str, settings: Sequence[Setting], run: Callable[[dict[str, str], Format], None]
) -> object:
    """Return the command that changes settings of a cloud; it calls `run` with the changes and the format."""

    def update(output: Format, prompt: list[str] | None = None, **values: object) -> None:
        run(_read_values(settings, values, prompt or [], is_new=False), output)

    options = _setting_options(settings, is_new=False)
    return _build_command(cloud, update, options, f'Change settings of {cloud}; "" resets one to its default.')


def _build_command(
    name: str, callback: Callable[..., None], options: Sequence[inspect.Parameter], help_text: str
) -> TyperCommand:
    output = _parameter("output", FormatOption, default=Format.table)

    def command(**values: object) -> None:
        callback(**values)

    command.__signature__ = inspect.Signature([*options, output])  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False)
    app.command(name, help=help_text)(command)
    return cast("TyperCommand", typer.main.get_command(app))


def _setting_options(settings: Sequence[Setting], *, is_new: bool) -> list[inspect.Parameter]:
    """Return the options for settings. Only a new cloud reads the environment and requires settings."""
    options = []
    for setting in settings:
        if setting.secret:
            options += _secret_options(setting, is_new=is_new)
        elif is_new and setting.is_required:
            option = typer.Option(setting.option_name, help=setting.help, envvar=setting.environment_variable)
            options.append(_parameter(setting.name, Annotated[str, option]))
        else:
            option = typer.Option(
                setting.option_name,
                help=setting.help,
                envvar=setting.environment_variable if is_new else None,
                show_default=(is_new and setting.default) or False,
            )
            options.append(_parameter(setting.name, Annotated[str | None, option], default=None))
    secrets = [setting.name for setting in settings if setting.secret]
    if secrets:
        option = typer.Option("--prompt", metavar="|".join(secrets), help="Prompt for this secret setting.")
        options.append(_parameter("prompt", Annotated[list[str] | None, option], default=None))
    return options


def _secret_options(setting: Setting, *, is_new: bool) -> list[inspect.Parameter]:
    """Return the option for a file, and a hidden one that refuses the secret itself."""

    def refuse(value: str | None) -> None:
        if value is not None:
            raise CliError(
                f"{setting.name} is a secret and must not be passed on the command line, where other users can read it",
                f"use {setting.option_name}-file FILE, {setting.environment_variable} or the prompt",
            )

    source = f"Read from FILE, or else from {setting.environment_variable}." if is_new else "Read from FILE."
    file = typer.Option(f"{setting.option_name}-file", metavar="FILE", help=f"{setting.help} {source}")
    refused = typer.Option(setting.option_name, hidden=True, callback=refuse)
    return [
        _parameter(_file_parameter(setting), Annotated[Path | None, file], default=None),
        _parameter(setting.name, Annotated[str | None, refused], default=None),
    ]


def _file_parameter(setting: Setting) -> str:
    return f"{setting.name}_file"


def _parameter(name: str, annotation: object, **default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, **default)


def _read_values(
    settings: Sequence[Setting], options: Mapping[str, Any], prompts: Sequence[str], *, is_new: bool
) -> dict[str, str]:
    """Return the values of settings and secrets. Raises CliError."""
    secret_names = [setting.name for setting in settings if setting.secret]
    for name in prompts:
        if name not in secret_names:
            raise CliError(f"--prompt {name}: not a secret setting", f"secret settings: {', '.join(secret_names)}")
    values = {}
    for setting in settings:
        value = _read_secret(setting, options, prompts, is_new=is_new) if setting.secret else options[setting.name]
        if value is not None:
            values[setting.name] = value
    return values


def _read_secret(setting: Setting, options: Mapping[str, Any], prompts: Sequence[str], *, is_new: bool) -> str | None:
    file = options[_file_parameter(setting)]
    if file is not None:
        return _read_file(file)
    if setting.name in prompts:
        return _prompt(setting)
    if not is_new:
        return None
    value = os.environ.get(setting.environment_variable)
    return _prompt(setting) if not value and setting.is_required else value or None


def _read_file(file: Path) -> str:
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CliError(f"{file} is not a text file") from None
    if not text:
        raise CliError(f"{file} is empty")
    return text


def _prompt(setting: Setting) -> str:
    """Read a secret from the terminal without echo, or one line of standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return str(typer.prompt(setting.name, hide_input=True))
    line = sys.stdin.readline().strip() if sys.stdin is not None else ""  # None: standard input is closed
    if not line:
        raise CliError(
            f"{setting.name} is missing",
            f"use {setting.option_name}-file FILE or {setting.environment_variable}, or run the command in a terminal",
        )
    return line
