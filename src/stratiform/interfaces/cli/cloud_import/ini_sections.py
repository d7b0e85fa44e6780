"""Sections of INI files, as oslo.config and AccentOS write them."""

import configparser
import re

from stratiform.kit.errors import Invalid

_HEADER = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)


def list_headers(text: str) -> list[str]:
    """Return the names of the sections in the order of the file, without parsing it."""
    return [header.strip() for header in _HEADER.findall(text)]


def parse_sections(text: str) -> dict[str, dict[str, str]]:
    """Return the options by section. The last value of an option applies. Raises: Invalid, without values."""
    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise Invalid(f"Line {error.lineno} is outside of a section") from error
    except configparser.ParsingError as error:
        # The text of the error has the line, which can be a secret. Some subclasses do not have a list of errors.
        lines = [number for number, _ in getattr(error, "errors", ())]
        where = f"Line {lines[0]}" if lines else "A line"
        raise Invalid(f"{where} is neither a section nor an option", hint="use NAME = VALUE") from None
    except configparser.Error:
        raise Invalid("The file is not a valid INI file") from None
    return {section: dict(parser.items(section)) for section in parser.sections()}
