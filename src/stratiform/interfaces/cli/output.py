"""Output of the command line: tables for people, JSON, YAML, CSV and plain values for programs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.text import escape_control_characters


class Format(StrEnum):
    """Output formats."""

    table = "table"
    json = "json"
    yaml = "yaml"
    csv = "csv"
    value = "value"

    @property
    def is_structured(self) -> bool:
        """Return whether the format has all keys of a response, with nested values; others have rows of texts."""
        return self in (Format.json, Format.yaml)


#: A JSON object of a response; the types of its values depend on the endpoint.
JsonObject = Mapping[str, Any]

FormatOption = Annotated[
    Format,
    typer.Option("--format", "-f", help="Output format. value: texts without headings, separated by spaces."),
]


def _reject_rows(output: Format) -> Format:
    if output in (Format.csv, Format.value):
        raise typer.BadParameter(f"'{output}' is not one of 'table', 'json', 'yaml'")
    return output


#: For commands whose output is not a list of rows or one item.
NestedFormatOption = Annotated[
    Format,
    typer.Option("--format", "-f", metavar="[table|json|yaml]", help="Output format.", callback=_reject_rows),
]

ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", "-c", metavar="NAME", help="Print only this column or key; can be repeated."),
]

#: The width of a table that is not printed to a terminal.
_UNLIMITED_WIDTH = 1000


def print_list(
    items: Iterable[Mapping[str, object]],
    columns: Mapping[str, str],
    output: Format,
    selected: Sequence[str] | None = None,
) -> None:
    """Print one row per item; `columns` maps headings to keys. JSON and YAML have all keys, and are streamed.

    `selected`: print only these headings or keys. Raises: CliError for another one
    """
    if output.is_structured:
        chosen = (_select_keys(item, columns, selected) for item in items)
        for chunk in encode_json_array(chosen) if output is Format.json else _encode_yaml_list(chosen):
            typer.echo(chunk, nl=False)
        return
    columns = select_columns(columns, selected)
    rows = ([_cell(item.get(key)) for key in columns.values()] for item in items)
    if output is Format.table:
        _print_table(rows, [*columns])
    else:
        _print_rows(rows, [*columns], output)


def print_item(
    item: Mapping[str, object], rows: Mapping[str, str], output: Format, selected: Sequence[str] | None = None
) -> None:
    """Print one row per value of an item; `rows` maps headings to keys. JSON and YAML have all keys, CSV has one row.

    `selected`: print only these headings or keys. Raises: CliError for another one
    """
    if output.is_structured:
        chosen = _select_keys(item, rows, selected)
        typer.echo(_json(chosen) if output is Format.json else _yaml(chosen), nl=output is Format.json)
        return
    rows = select_columns(rows, selected)
    cells = {heading: _cell(item.get(key)) for heading, key in rows.items()}
    if output is Format.table:
        _print_table(map(list, cells.items()))
    elif output is Format.csv:
        _print_rows([[*cells.values()]], [*cells], output)
    else:
        _print_rows([[cell] for cell in cells.values()], [], output)


def select_columns(columns: Mapping[str, str], selected: Sequence[str] | None) -> Mapping[str, str]:
    """Return the columns whose headings or keys are selected; all if nothing is. Raises: CliError"""
    if not selected:
        return columns
    keys = {_find_key(name, columns, columns.values()) for name in selected}
    return {heading: key for heading, key in columns.items() if key in keys}


def _select_keys(
    item: Mapping[str, object], columns: Mapping[str, str], selected: Sequence[str] | None
) -> Mapping[str, object]:
    if not selected:
        return item
    keys = {_find_key(name, columns, item) for name in selected}
    return {key: value for key, value in item.items() if key in keys}


def _find_key(name: str, columns: Mapping[str, str], keys: Iterable[str]) -> str:
    available = [*keys]
    by_name = {_normalize(key): key for key in available}
    by_name |= {_normalize(heading): key for heading, key in columns.items() if key in available}
    try:
        return by_name[_normalize(name)]
    except KeyError:
        headings = [heading for heading, key in columns.items() if key in available]
        raise CliError(f"No such column: '{name}'", f"columns: {', '.join(headings or available)}") from None


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


def _normalize(heading: str) -> str:
    return heading.casefold().replace(" ", "_")


def _print_rows(rows: Iterable[Sequence[str]], headings: Sequence[str], output: Format) -> None:
    """Print rows as CSV with headings, or as plain texts."""
    if output is Format.csv:
        from stratiform.kit.csv_files import CsvWriter  # other formats do not need it

        writer = CsvWriter(headings)
        for row in rows:
            writer.write([row])
            typer.echo(writer.take_bytes(), nl=False)
        typer.echo(writer.take_bytes(), nl=False)
        return
    for row in rows:
        typer.echo(" ".join(cell.replace("\n", " ") for cell in row))


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
