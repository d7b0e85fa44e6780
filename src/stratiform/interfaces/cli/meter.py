"""`stratiform usage meter` and `stratiform usage unknown`: what is metered, and what came that isn't."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stratiform.interfaces.cli.client import client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list

app = typer.Typer(help="What is metered.", no_args_is_help=True)
unknown = typer.Typer(help="Messages that speak of nothing that is metered.", no_args_is_help=True)

_METER_COLUMNS = {"Name": "name", "Title": "title", "Unit": "unit", "Attributes": "attributes", "Samples": "samples"}
_UNKNOWN_COLUMNS = {
    "Event": "event_type",
    "Cloud": "cloud",
    "Count": "count",
    "First": "first_at",
    "Last": "last_at",
    "Why": "why",
}


@app.command("list")
def list_meters(output: FormatOption = Format.table) -> None:
    """List the meters of the running server."""
    found = client().get("usage/meters")["meters"]
    show_list(found if output is Format.json else map(_meter_row, found), _METER_COLUMNS, output)


@app.command("check")
def check_meter(file: Annotated[Path, typer.Argument(help="A meter file.")]) -> None:
    """Say whether a meter file can be used, without a server. A mistake is told with its key."""
    # The client alone needs neither the ledger's code nor what that is made of.
    from stratiform.services.ingest.events.meter_file_parser import parse_meter_file, read_file

    meter = parse_meter_file(read_file(file), str(file))
    types = {one for told in meter.events for one in told.types if told.rule != "ignore"}
    say(
        f"{meter.name}: {len(types)} types of events, {len(meter.samples)} samples; put it into HOME/meters and restart"
    )


@unknown.command("list")
def list_unknown(output: FormatOption = Format.table) -> None:
    """List how many came, by cloud and kind, and why they change no use, where that was decided."""
    found = client().get("usage/unknown")["unknown"]
    show_list(found if output is Format.json else map(_unknown_row, found), _UNKNOWN_COLUMNS, output)


@unknown.command("replay")
def replay_unknown() -> None:
    """Read all messages that are still kept once more, after a meter was added."""
    accepted, after = 0, 0
    while True:
        done = client().post(f"usage/unknown/replay?after={after}")
        accepted += done["accepted"]
        if done["next"] is None:
            break
        after = done["next"]
    say(f"{accepted} new")


def _meter_row(meter: dict[str, Any]) -> dict[str, Any]:
    samples = [f"{one['name']} ({one['kind']}, {one['unit']})" for one in meter["samples"]]
    return {**meter, "attributes": " ".join(meter["attributes"]), "samples": samples}


def _unknown_row(one: dict[str, Any]) -> dict[str, Any]:
    why = "a meter reads this kind by now: replay, or it said nothing of use" if one["is_read"] else one["why"]
    return {**one, "why": why or "nobody decided"}
