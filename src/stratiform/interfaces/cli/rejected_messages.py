"""`stratiform usage rejected`: messages that could not be ingested."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, format_counts, print_item, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="List, show, replay and delete rejected messages.", no_args_is_help=True)

_COLUMNS = {"ID": "id", "Cloud": "cloud", "Received at": "received_at", "Reason": "reason", "Message": "body"}

#: The number of characters of an ID and of a message in the list.
_ID_LENGTH, _BODY_LENGTH = 12, 80


@app.command("list")
def list_rejected_messages(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List rejected messages with the reason."""
    messages = get_client().iterate_items("usage/rejected", "rejected")
    print_list(messages if output.is_structured else map(_row, messages), _COLUMNS, output, columns)


@app.command("show")
def show_rejected_message(
    message: Annotated[str, typer.Argument(metavar="ID", help="ID of the message, or a unique prefix of it.")],
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Show a rejected message in full."""
    if not message:  # the path would be that of the list
        raise CliError("A message ID is required", "see `stratiform usage rejected list`")
    print_item(get_client().get(f"usage/rejected/{quote(message, safe='')}"), _COLUMNS, output, columns)


@app.command("delete")
def delete_rejected_messages(
    messages: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="IDs, or unique prefixes of them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All rejected messages.")] = False,
    cloud: Annotated[
        str | None, typer.Option(help="Messages of this cloud; with --reason, those that match both.")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Messages whose reason starts with this text; with --cloud, those that match both."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Delete rejected messages permanently, after confirmation."""
    if [bool(messages), everything, bool(cloud or reason)].count(True) != 1:
        raise CliError("No messages selected", "specify message IDs, or --cloud, --reason or both, or --all")
    confirm(_describe_deletion(messages, cloud, reason), yes=yes)
    if messages:
        for message in messages:
            get_client().delete(f"usage/rejected/{quote(message, safe='')}")
        count = len(messages)
    elif everything:
        count = get_client().delete("usage/rejected", all="true")["deleted"]
    else:
        count = get_client().delete("usage/rejected", cloud=cloud, reason=reason)["deleted"]
    print_line(f"{count} deleted")


@app.command("replay")
def replay_rejected_messages() -> None:
    """Ingest rejected messages again, after their cause has been fixed."""
    result = get_client().post("usage/rejected/replay")
    print_line(format_counts(result))
    print_late_usage(result)


def _describe_deletion(messages: list[str] | None, cloud: str | None, reason: str | None) -> str:
    if messages:
        return f"Delete rejected messages {', '.join(messages)} permanently"
    conditions = f" of cloud '{cloud}'" if cloud else ""
    conditions += f" whose reason starts with '{reason}'" if reason else ""
    return f"Delete all rejected messages{conditions} permanently"


def _row(message: dict[str, Any]) -> dict[str, object]:
    return {**message, "id": message["id"][:_ID_LENGTH], "body": message["body"][:_BODY_LENGTH]}
