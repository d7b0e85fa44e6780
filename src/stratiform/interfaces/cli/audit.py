"""`stratiform usage audit`: compares the ledger with its sources."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import (
    Format,
    JsonObject,
    NestedFormatOption,
    encode_json_array,
    format_values,
    print_item,
)
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import escape_control_characters, escape_line, name_project, print_line


def run_audit(
    period: Annotated[str, typer.Option(help="A month (UTC), such as 2026-10.")],
    cloud: Annotated[list[str] | None, typer.Option(help="Only this cloud; can be repeated.")] = None,
    project: Annotated[str | None, typer.Option(help="Only the project with this ID.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Create the proposed corrections.")] = False,
    output: NestedFormatOption = Format.table,
) -> None:
    """Compare the ledger with `.exists` notifications and with the inventories of the clouds.

    Exit status 1: there are discrepancies.
    """
    body = {"period": period, "clouds": cloud or [], "project_id": project, "apply": apply}
    results = _Results(get_client().post_and_stream_lines("usage/audits", body))
    if output is Format.yaml:
        resources = list(results)  # the summary comes after them
        print_item({"resources": resources, "summary": results.summary}, {}, output)
    elif output is Format.json:
        typer.echo('{"resources": ', nl=False)
        for chunk in encode_json_array(results):
            typer.echo(chunk.rstrip("\n"), nl=False)
        typer.echo(f', "summary": {json.dumps(results.summary, indent=2, ensure_ascii=False)}}}')
    else:
        for resource in results:
            _print_resource(resource)
        _print_summary(results.summary, apply)
    if not results.summary["clean"]:
        raise typer.Exit(1)


class _Results:
    """The resources in the lines of an audit. Progress is printed to standard error; `summary` is set at the end.

    Raises CliError if the audit ends without a summary.
    """

    def __init__(self, lines: Iterable[JsonObject]) -> None:
        self._lines = lines
        self.summary: JsonObject = {}

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for line in self._lines:
            if "problem" in line:
                raise CliError(f"The audit failed: {line['problem']['detail']}", line["problem"].get("hint", ""))
            if "progress" in line:
                _print_progress(**line["progress"])
            if "resource" in line:
                yield line["resource"]
            if "summary" in line:
                self.summary = line["summary"]
        if not self.summary:
            raise CliError("The audit was interrupted", "try again; see the server log")


def _print_progress(cloud: str | None, count: int) -> None:
    text = f"{count} resources compared" if cloud is None else f"{cloud}: {count} resources listed"
    typer.echo(escape_control_characters(text), err=True)


def _print_resource(resource: JsonObject) -> None:
    """Print a heading with the full ID, and lines for findings and proposed corrections."""
    print_line(escape_line(f"{resource['resource_type']} {resource['resource_id']} {resource['name']}".rstrip()))
    print_line(f"  cloud {resource['cloud']}")
    names = resource["project_names"]
    for finding in resource["findings"]:
        duration = f"{finding['seconds']} s" if finding["exact"] else f"up to {finding['seconds']} s"
        print_line(f"  {finding['kind']}  {finding['start']}  {finding['end']}  {duration}")
        for name, change in finding["changes"].items():
            ledger, source = (_format_value(name, change[side], names) for side in ("ledger", "source"))
            print_line(f"    {name}: ledger {ledger}, source {source}")
        for source in finding["evidence"]:
            print_line(f"    {source}")
    for proposal in resource["proposals"]:
        status = "corrected" if proposal["made"] else "proposed"
        print_line(f"  {status}: {format_values(name_project(proposal['content'], names))} at {proposal['at']}")
    if not resource["proposals"]:
        print_line("  no correction proposed: the times are unknown")


def _format_value(attribute: str, value: object, project_names: Mapping[str, str]) -> object:
    return name_project({attribute: value}, project_names)[attribute]


def _print_summary(summary: JsonObject, apply: bool) -> None:
    for kind, total in summary["found"].items():
        print_line(f"{kind}: {total['seconds']} s, findings: {total['findings']}")
    inventories = ", ".join(f"{inventory['cloud']} ({inventory['items']})" for inventory in summary["clouds"])
    print_line(f"{summary['resources']} resources compared; inventories: {inventories or 'none'}")
    for coverage in summary["coverage"]:
        print_line(_format_coverage(coverage))
    for failure in summary["failed_inventories"]:
        print_line(f"inventory of cloud {failure['cloud']} failed: {failure['reason']}")
    if apply:
        print_line(f"corrections created: {summary['made']} of {summary['proposals']}")
    elif summary["proposals"]:
        print_line(f"corrections proposed: {summary['proposals']}; create them with --apply")
    print_late_usage(summary)
    if summary["clean"]:
        print_line(_format_agreement(summary))


def _format_coverage(coverage: JsonObject) -> str:
    """Return which sources the resources of a cloud were compared with."""
    if coverage["no_inventory"] is None:
        inventory = f"{coverage['in_inventory']} covered by the inventory"
    else:
        inventory = f"none covered by an inventory ({coverage['no_inventory']})"
    text = f"cloud {coverage['cloud']}: {coverage['resources']} resources, {inventory}"
    text += f", {coverage['in_exists']} covered by .exists notifications"
    return text + (f"; {coverage['without_source']} covered by neither" if coverage["without_source"] else "")


def _format_agreement(summary: JsonObject) -> str:
    """Return what the absence of findings means, which depends on the sources that there were."""
    coverage = summary["coverage"]
    without_source = sum(cloud["without_source"] for cloud in coverage)
    if without_source == summary["resources"]:
        return "No discrepancies found, but nothing was checked: no source covers the usage of this period."
    messages_alone = [cloud["cloud"] for cloud in coverage if cloud["no_inventory"] is not None]
    text = "No discrepancies found with these sources."
    if messages_alone:
        text += f" Clouds without an inventory, compared only with messages: {', '.join(messages_alone)}."
    return text + (f" Resources not covered by any source: {without_source}." if without_source else "")
