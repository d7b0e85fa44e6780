"""How the command line prints what it was told: a table to read, or JSON for programs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stratiform.interfaces.cli.client import shown


class Format(StrEnum):
    """How something is printed."""

    table = "table"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="table or json.")]

#: A table that is piped into a file is as wide as it needs to be.
_PIPED_COLUMNS = 1000


def show_list(items: Iterable[Mapping[str, Any]], columns: Mapping[str, str], output: Format) -> None:
    """A row for each item; `columns`: title → key. JSON has the whole items, written as they come."""
    if output is Format.json:
        for piece in json_array(items):
            typer.echo(piece, nl=False)
        return
    table = Table(box=None, pad_edge=False)
    for title in columns:
        table.add_column(title, overflow="fold")
    for item in items:
        table.add_row(*[Text(_cell(item.get(key))) for key in columns.values()])
    _print(table)


def show_one(item: Mapping[str, Any], rows: Mapping[str, str], output: Format) -> None:
    """A row for each part of one thing; `rows`: title → key. JSON has the whole thing."""
    if output is Format.json:
        typer.echo(_json(item))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for title, key in rows.items():
        table.add_row(Text(title), Text(_cell(item.get(key))))
    _print(table)


def json_array(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The text of a JSON array, indented by two, in pieces: the same as that of the whole at once."""
    opened = False
    for item in items:
        yield "[\n" if not opened else ",\n"
        opened = True
        yield "\n".join(f"  {line}" for line in _json(item).split("\n"))
    yield "\n]\n" if opened else "[]\n"


def _json(what: Any) -> str:
    return json.dumps(what, indent=2, ensure_ascii=False)


def _print(table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPED_COLUMNS)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}={_cell(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_cell(part) for part in value)
    return shown(str(value)).replace("\t", " ")  # the table takes a tab for nothing wide, and would break the line
