"""Almanach's configuration files, converted in tests."""

from collections.abc import Mapping
from pathlib import Path

from stratiform.app.almanach_import.conversion import convert
from stratiform.app.almanach_import.files import read_file
from stratiform.app.almanach_import.report import ConversionReport


def convert_text(
    folder: Path, text: str, environment: Mapping[str, str] | None = None, *, with_dead_letters: bool = False
) -> ConversionReport:
    """Convert a configuration file with this text, which is written to `folder`."""
    file = folder / "almanach.cfg"
    file.write_text(text)
    return convert(read_file(file, environment or {}), with_dead_letters=with_dead_letters)
