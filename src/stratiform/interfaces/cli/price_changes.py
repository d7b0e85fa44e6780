"""Retroactive price changes, as commands print them."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import Format, JsonObject, print_list
from stratiform.interfaces.cli.text import print_line

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would change for past usage, for each customer account.")
]
Retroactive = Annotated[
    bool, typer.Option("--retroactive", help="Allow a change to the cost of past usage in open periods.")
]
Reason = Annotated[str, typer.Option(help="Reason for the retroactive change, which is recorded.")]

_DIFFERENCE_COLUMNS = {
    "Account": "account",
    "From": "start",
    "Until": "end",
    "Net before": "net_before",
    "Net after": "net_after",
    "Difference": "difference",
    "Exact": "exact_difference",
    "Currency": "currency",
}
_COLUMNS = {
    "Created at": "created_at",
    "Author": "author",
    "Plan": "plan_text",
    "Versions from": "versions",
    "Reason": "reason",
    "Differences": "difference_texts",
}


def check_reason(reason: str, *, retroactive: bool) -> None:
    """Check the options of a command before it prompts. Raises: CliError"""
    if retroactive and not reason.strip():
        raise CliError("A retroactive price change needs a reason", "specify it with --reason")
    if reason and not retroactive:
        raise CliError("--reason is allowed only for a retroactive change", "specify --retroactive too")


def print_differences(differences: Sequence[JsonObject]) -> None:
    """Print what changes for each customer account."""
    if differences:
        print_list(differences, _DIFFERENCE_COLUMNS, Format.table)
    else:
        print_line("The cost of past usage does not change.")


def describe_differences(differences: Sequence[JsonObject]) -> str:
    """Return such as `change the cost of past usage of 2 customer accounts`."""
    count = len(differences)
    return f"change the cost of past usage of {count} customer account{'' if count == 1 else 's'}"


def print_change(change: JsonObject | None) -> None:
    """Print the ID of a recorded change."""
    if change is not None:
        print_line(f"Recorded as price change {change['id']}; `stratiform price changes` lists all of them")


def print_price_changes(changes: Iterable[JsonObject], output: Format, columns: Sequence[str] | None) -> None:
    """Print a list of retroactive price changes."""
    print_list(map(_row, changes), _COLUMNS, output, columns)


def _row(change: JsonObject) -> dict[str, object]:
    previous = f"{change['previous_plan']} → " if change["previous_plan"] else ""
    texts = [f"{each['account']}: {each['difference']} {each['currency']}" for each in change["differences"]]
    return {**change, "plan_text": f"{previous}{change['plan']}", "difference_texts": texts}
