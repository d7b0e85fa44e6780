"""Previews of periods, as commands print them."""

from collections.abc import Mapping
from typing import Any

from stratiform.interfaces.cli.late_usage import format_late_usage
from stratiform.interfaces.cli.output import Format, print_item
from stratiform.interfaces.cli.text import print_line

_ROWS = {
    "Account": "account",
    "From": "start",
    "Until": "end",
    "Status": "state",
    "Invoice": "invoice",
    "Plan": "plan",
    "Resources": "resources",
    "Lines": "lines",
    "Exact sum": "exact",
    "Net": "net",
    "Tax": "tax",
    "Total": "total",
    "Currency": "currency",
}

#: Lines of one kind that are printed.
_MAX_LINES = 10


def print_preview(preview: Mapping[str, Any]) -> None:
    """Print the totals of a preview, and a line for everything that it leaves out."""
    print_item(preview, _ROWS, Format.table)
    print_warnings(preview)


def print_warnings(preview: Mapping[str, Any]) -> None:
    """Print a line for everything that closing the period would leave out, and for what prevents it."""
    lines = [f"Unassigned: {format_unassigned(usage)}" for usage in preview["unassigned"]]
    _print_first(lines, "projects without a customer account")
    _print_first([f"Unpriced: {_format_unpriced(usage)}" for usage in preview["unpriced"]], "measures without a price")
    for usage in preview["unaudited"]:
        print_line(f"Not audited: {_format_unaudited(usage)}")
    for late in preview["late_usage"]:
        print_line(f"Late usage from {late['start']} to {late['end']}: {format_late_usage(late)} is not in any invoice")
    for problem in preview["problems"]:
        hint = f" ({problem['hint']})" if problem["hint"] else ""
        print_line(f"Cannot be closed: {problem['detail']}{hint}")


def format_unassigned(usage: Mapping[str, Any]) -> str:
    name = f" {usage['project_name']}" if usage["project_name"] else ""
    resources = f"{usage['resources']} resource{'' if usage['resources'] == 1 else 's'}"
    return (
        f"project {usage['project_id']}{name}, {resources} from {usage['start']} to {usage['end']}; "
        "no customer account pays for them"
    )


def _format_unpriced(usage: Mapping[str, Any]) -> str:
    measure = usage["measure"] or usage["resource_type"]
    return f"{measure}, {usage['resources']} resources, {usage['quantity']} {usage['unit']}"


def _format_unaudited(usage: Mapping[str, Any]) -> str:
    resources = f"cloud {usage['cloud']}, {usage['resources']} resource{'' if usage['resources'] == 1 else 's'}"
    if usage["audited_until"] is None:
        return resources
    return (
        f"{resources}; the audit until {usage['audited_until']} has {usage['findings']} findings, "
        f"and {usage['without_source']} resources without a source"
    )


def _print_first(lines: list[str], description: str) -> None:
    for line in lines[:_MAX_LINES]:
        print_line(line)
    if len(lines) > _MAX_LINES:
        print_line(f"… and {len(lines) - _MAX_LINES} more {description}")
