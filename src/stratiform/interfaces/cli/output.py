"""Output of the command line: tables for people, JSON and YAML for programs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from stratiform.interfaces.cli.text import escape_control_characters


class Format(StrEnum):
    """Output formats."""

    table = "table"
    json = "json"
    yaml = "yaml"


#: A JSON object of a response; the types of its values depend on the endpoint.
JsonObject = Mapping[str, Any]

FormatOption = Annotated[Format, typer.Option("--format", "-f", help="Output format: table, json or yaml.")]

#: The width of a table that is not printed to a terminal.
_UNLIMITED_WIDTH = 1000


def print_list(items: Iterable[Mapping[str, object]], columns: Mapping[str, str], output: Format) -> None:
    """Print one row per item; `columns` maps headings to keys. JSON and YAML have all keys, and are streamed."""
    if output is not Format.table:
        for chunk in encode_json_array(items) if output is Format.json else _encode_yaml_list(items):
            typer.echo(chunk, nl=False)
        return
    _print_table(([_cell(item.get(key)) for key in columns.values()] for item in items), [*columns])


def print_item(item: Mapping[str, object], rows: Mapping[str, str], output: Format) -> None:
    """Print one row per value of an item; `rows` maps headings to keys. JSON and YAML have all keys."""
    if output is not Format.table:
        typer.echo(_json(item) if output is Format.json else _yaml(item), nl=output is Format.json)
        return
    _print_table([heading, _cell(item.get(key))] for heading, key in rows.items())


def format_values(values: Mapping[str, object]) -> str:
    """Return `gone, end=2026-…, vcpus=2`: the names of true values, and other values with their names."""
    attributes = values.get("attributes")
    flat = {name: value for name, value in values.items() if name != "attributes"}
    flat |= attributes if isinstance(attributes, dict) else {}
    return ", ".join(name if value is True else f"{name}={value}" for name, value in flat.items())


def format_counts(counts: dict[str, int]) -> str:
    """Return the counts of an ingest as one line."""
    return (
        f"{counts['ingested']} ingested, {counts['duplicates']} duplicates, "
        f"{counts['ignored']} ignored, {counts['rejected']} rejected"
    )


def encode_json_array(items: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the text of a JSON array in chunks, the same as when it is encoded at once."""
    is_empty = True
    for item in items:
        yield "[\n" if is_empty else ",\n"
        is_empty = False
        yield "\n".join(f"  {line}" for line in _json(item).split("\n"))
    yield "[]\n" if is_empty else "\n]\n"


def _encode_yaml_list(items: Iterable[Mapping[str, object]]) -> Iterator[str]:
    is_empty = True
    for item in items:
        yield _yaml([item])
        is_empty = False
    if is_empty:
        yield "[]\n"


def _yaml(value: object) -> str:
    from yaml import safe_dump  # JSON and tables do not need it

    return safe_dump(value, sort_keys=False, allow_unicode=True)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _print_table(rows: Iterable[Sequence[str]], headings: Sequence[str] = ()) -> None:
    from rich.console import Console  # JSON needs no table
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=bool(headings))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_UNLIMITED_WIDTH)
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}={_cell(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_cell(inner) for inner in value)
    return escape_control_characters(str(value)).replace(
        "\t", " "
    )  # rich takes a tab for zero columns, which breaks the table
