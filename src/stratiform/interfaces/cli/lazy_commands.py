"""Commands that are imported when they run: help and other commands do not wait for their modules."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command or group: `module:attribute` of its function or Typer object, and its line in the help of the group."""

    target: str
    help: str

    def load(self, name: str) -> Any:
        """Import the module and return the command."""
        module, _, attribute = self.target.partition(":")
        target = getattr(import_module(module), attribute)
        if isinstance(target, typer.Typer):
            return typer.main.get_group(target)
        single = typer.Typer(add_completion=False)
        single.command(name)(target)
        return typer.main.get_command(single)


def create_group(commands: Mapping[str, LazyCommand], **options: Any) -> typer.Typer:
    """Return a Typer object with `commands` by name; `options` are those of Typer."""

    class LazyGroup(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            for name, command in commands.items():
                self.add_command(_Placeholder(name, command))

    return typer.Typer(cls=LazyGroup, **options)


def load_command(command: Any) -> Any:
    """Return a command of a group with its options: of a lazy one, that of its module."""
    return command.load() if isinstance(command, _Placeholder) else command


class _Placeholder(TyperCommand):
    """A command with a name and a line of help, which is replaced by the real one when it is run."""

    def __init__(self, name: str, command: LazyCommand) -> None:
        super().__init__(name, help=command.help)
        self._command = command

    def load(self) -> Any:
        return self._command.load(self.name or "")

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return a context of the real command, which the group then invokes."""
        return self.load().make_context(info_name, args, parent=parent, **extra)
