"""Usage of closed periods that no document contains, as commands print it."""

from collections.abc import Iterable

from stratiform.interfaces.cli.amounts import format_amount
from stratiform.interfaces.cli.output import JsonObject
from stratiform.interfaces.cli.text import print_line


def print_late_usage(*results: JsonObject) -> None:
    """Print the late usage in responses: a line for each closed period, as in the last response that has it."""
    by_period = {(late["account"], late["start"]): late for result in results for late in result.get("late_usage", ())}
    for late in by_period.values():
        print_line(
            f"Late usage of customer account '{late['account']}' from {late['start']} to {late['end']}: "
            f"{format_late_usage(late)}; invoice {late['invoice']} does not contain it."
        )


def add_late_usage(periods: Iterable[JsonObject]) -> list[JsonObject]:
    """Return periods with their late usage as text."""
    return [
        {**period, "late_usage": format_late_usage(period["late_usage"]) if period["late_usage"] else ""}
        for period in periods
    ]


def format_late_usage(late: JsonObject) -> str:
    """Return such as `12.30 EUR (2 resources, 1 without a price)`."""
    resources = f"{late['resources']} resource{'' if late['resources'] == 1 else 's'}"
    unpriced = f", {late['unpriced_resources']} without a price" if late["unpriced_resources"] else ""
    return f"{format_amount(late['amount'], late['currency'])} {late['currency']} ({resources}{unpriced})"
