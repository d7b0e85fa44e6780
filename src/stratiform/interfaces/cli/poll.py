"""`stratiform usage polls` and `poll-again`: what clouds are asked, and how far they were read."""

from typing import Annotated
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.client import CliError, client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list

_COLUMNS = {
    "Id": "id",
    "Cloud": "cloud",
    "Type": "resource_type",
    "Meter": "meter",
    "Read until": "read_until",
    "Asked": "asked_at",
    "Fault": "fault",
}


def polls(output: FormatOption = Format.table) -> None:
    """List what clouds are asked: up to when it was read, and what has failed since."""
    show_list(client().get("usage/polls")["polls"], _COLUMNS, output)


def poll_again(
    poll: Annotated[str, typer.Argument(help="Id of the poll.")],
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601, such as 2026-11-01T00:00:00Z.")],
) -> None:
    """Read once more what a cloud says from a time on. What is known already changes nothing."""
    try:
        done = client().post(f"usage/polls/{quote(poll, safe='')}/again", {"since": since})
    except CliError as error:
        raise CliError(error.message.replace("`since`", "--from"), error.hint) from error
    say(f"{done['meter']} of {done['cloud']} is read again from {done['read_until']}")
