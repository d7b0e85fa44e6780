"""`stratiform usage polls` and `poll-again`: polls of clouds."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

_COLUMNS = {
    "ID": "id",
    "Cloud": "cloud",
    "Type": "resource_type",
    "Meter": "meter",
    "Polled until": "read_until",
    "Last poll": "polled_at",
    "Last error": "fault",
}


def list_polls(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List polls, with the time up to which each is complete and its last failure."""
    print_list(get_client().get("usage/polls")["polls"], _COLUMNS, output, columns)


def rewind_poll(
    poll: Annotated[str, typer.Argument(help="ID of the poll.")],
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601, such as 2026-11-01T00:00:00Z.")],
) -> None:
    """Poll a cloud again, starting at an earlier time. Duplicate samples have no effect."""
    try:
        result = get_client().post(f"usage/polls/{quote(poll, safe='')}/again", {"since": since})
    except CliError as error:
        raise CliError(error.message.replace("`since`", "--from"), error.hint) from error
    print_line(f"{result['meter']} of {result['cloud']} will be polled again from {result['read_until']}")
