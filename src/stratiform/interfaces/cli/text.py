"""Printing of text to a terminal."""

from collections.abc import Mapping

import typer

#: Control characters, including the two Unicode characters that end a line or a paragraph.
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029) if chr(code) not in "\t\n"}


def escape_control_characters(text: str) -> str:
    """Replace control characters: names come from customers, and must not control the terminal."""
    return text.translate(_CONTROLS)


def escape_line(text: str) -> str:
    """Replace line ends too, so that a name cannot look like another line of output."""
    return escape_control_characters(text).replace("\n", "\ufffd").replace("\t", "\ufffd")


def print_line(text: str) -> None:
    typer.echo(escape_control_characters(text))


def format_named_id(resource_id: str, name: str | None) -> str:
    """Return `demo (ID)`, or the ID if the name is not known."""
    return f"{escape_line(name)} ({resource_id})" if name else resource_id


def name_project(values: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """Return values with the name of their project, if it is known, beside its ID. `names` are by ID."""
    project_id = values.get("project_id")
    if not isinstance(project_id, str):
        return {**values}
    return {**values, "project_id": format_named_id(project_id, names.get(project_id))}
