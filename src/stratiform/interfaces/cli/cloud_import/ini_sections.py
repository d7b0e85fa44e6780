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
    parser = configparser.RawConfigParser(strict=False, default_section="", allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise Invalid(f"Line {error.lineno} is outside of a section") from error
    except configparser.ParsingError as error:
        raise Invalid(f"Line {error.errors[0][0]} is neither a section nor an option") from error
    except configparser.Error as error:
        raise Invalid("The file is not a valid INI file") from error
    return {section: {name: value or "" for name, value in parser.items(section)} for section in parser.sections()}
