"""Confirmation of commands that cannot be undone."""

import sys
from typing import Annotated

import typer

from stratiform.interfaces.cli.errors import CliError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Confirm without a prompt.")]


def confirm(action: str, *, yes: bool) -> None:
    """Prompt for a confirmation of `action`, such as "Remove cloud 'ec2'", unless `yes` is set.

    Without a terminal, the command is refused instead. Raises: CliError if it is not confirmed.
    """
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():  # None: standard input is closed
        raise CliError(f"{action}: not confirmed", "run the command again with --yes")
    if not typer.confirm(f"{action}?", err=True):
        raise CliError(f"{action}: canceled")
