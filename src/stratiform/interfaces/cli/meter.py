"""`stratiform usage meter` and `stratiform usage ignored`: meters, and messages that no meter reads."""

from pathlib import Path
from typing import Annotated

import typer

from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import ColumnOption, Format, FormatOption, JsonObject, print_list
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line

app = typer.Typer(help="List meters, and validate meter files.", no_args_is_help=True)
ignored = typer.Typer(help="List and replay messages that no meter reads.", no_args_is_help=True)

_METER_COLUMNS = {"Name": "name", "Title": "title", "Unit": "unit", "Attributes": "attributes", "Samples": "samples"}
_IGNORED_COLUMNS = {
    "Event": "event_type",
    "Cloud": "cloud",
    "Count": "count",
    "First at": "first_at",
    "Last at": "last_at",
    "Reason": "reason",
}


@app.command("list")
def list_meters(output: FormatOption = Format.table, columns: ColumnOption = None) -> None:
    """List the meters of the running server."""
    meters = get_client().get("usage/meters")["meters"]
    print_list(meters if output.is_structured else map(_meter_row, meters), _METER_COLUMNS, output, columns)


@app.command("check")
def check_meter(file: Annotated[Path, typer.Argument(help="A meter file.")]) -> None:
    """Validate a meter file without a server. Errors name the invalid key."""
    # not needed by other commands
    from stratiform.services.ingest.parsing.meter_file_parser import parse_meter_file, read_file

    meter = parse_meter_file(read_file(file), str(file))
    types = {event_type for event in meter.events for event_type in event.types if event.rule != "ignore"}
    print_line(
        f"{meter.name}: {len(types)} event types, {len(meter.samples)} samples; copy it to HOME/meters and restart"
    )


@ignored.command("list")
def count_ignored_messages(
    undecided: Annotated[
        bool, typer.Option("--undecided", help="Only types that are neither explicitly ignored nor metered.")
    ] = False,
    output: FormatOption = Format.table,
    columns: ColumnOption = None,
) -> None:
    """Count messages by cloud and event type: undecided types first, explicitly ignored types last, with the reason.

    Times are those of the messages, not of their import.
    """
    types = get_client().get("usage/ignored", **({"undecided": "true"} if undecided else {}))["ignored"]
    print_list(types if output.is_structured else map(_ignored_row, types), _IGNORED_COLUMNS, output, columns)


@ignored.command("replay")
def replay_ignored_messages() -> None:
    """Ingest the stored messages again, after a meter has been added."""
    ingested, after = 0, 0
    results: list[JsonObject] = []
    while True:
        result = get_client().post(f"usage/ignored/replay?after={after}")
        results.append(result)
        ingested += result["ingested"]
        if result["next"] is None:
            break
        after = result["next"]
    print_line(f"{ingested} ingested")
    print_late_usage(*results)


def _meter_row(meter: JsonObject) -> dict[str, object]:
    samples = [f"{sample['name']} ({sample['kind']}, {sample['unit']})" for sample in meter["samples"]]
    return {**meter, "attributes": " ".join(meter["attributes"]), "samples": samples}


def _ignored_row(event_type: dict[str, object]) -> dict[str, object]:
    reason = "a meter now reads this type: replay the messages" if event_type["is_metered"] else event_type["reason"]
    return {**event_type, "reason": reason or "not decided"}
