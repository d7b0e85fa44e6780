"""Printing of text to a terminal."""

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
