"""Detection of a file's format from its content."""

import re
from collections.abc import Callable

from stratiform.interfaces.cli.cloud_import.accentos import is_accentos, parse_accentos
from stratiform.interfaces.cli.cloud_import.omni import is_omni, parse_omni
from stratiform.interfaces.cli.cloud_import.plan import Parser
from stratiform.interfaces.cli.cloud_import.slipstream import CLASS_PARAMETER, parse_slipstream

_SLIPSTREAM = re.compile(rf"^\s*{re.escape(CLASS_PARAMETER)}\s*[=:]", re.MULTILINE)

#: `clouds` as a key of YAML at the start of a line, or of JSON.
_CLOUDS = re.compile(r"""^(?:\{\s*)?["']?clouds["']?\s*:""", re.MULTILINE)


def find_parser(text: str, read_secure: Callable[[], str] = str) -> Parser | None:
    """Return the parser for the text of a file; None if it is not a file with cloud accounts.

    `read_secure` returns the secure.yaml beside a clouds.yaml, or an empty text if there is none.
    """
    if text.lstrip().startswith("<"):
        from stratiform.interfaces.cli.cloud_import.atomia import parse_atomia  # other formats do not need XML

        return parse_atomia
    if _SLIPSTREAM.search(text):
        return parse_slipstream
    if is_omni(text):
        return parse_omni
    if is_accentos(text):
        return parse_accentos
    if _CLOUDS.search(text):
        from stratiform.interfaces.cli.cloud_import.clouds_yaml import parse_clouds_yaml  # YAML loads slowly

        return lambda content: parse_clouds_yaml(content, read_secure())
    return None
