"""The commands of the API by name, and access to their parameters."""

import re
from collections.abc import Callable

from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State

Handler = Callable[[State, Account, dict[str, str]], Row]

#: Handlers by the name of the command in lower case.
COMMANDS: dict[str, Handler] = {}

#: Responses whose key is not that of the command.
RESPONSE_KEYS = {"restorevirtualmachine": "restorevmresponse"}

_INDEXED = re.compile(r"(\w+)\[(\d+)\]\.(.+)")


def command(name: str) -> Callable[[Handler], Handler]:
    """Register the handler of a command. Its parameters have names in lower case."""

    def register(handler: Handler) -> Handler:
        COMMANDS[name.lower()] = handler
        return handler

    return register


def require(params: dict[str, str], *names: str) -> list[str]:
    """Return the values of parameters. Raises: ApiError if one is missing."""
    for name in names:
        if not params.get(name):
            raise ApiError(PARAMETER_ERROR, f"Unable to execute API command due to missing parameter {name}", 9999)
    return [params[name] for name in names]


def read_maps(params: dict[str, str], name: str) -> list[dict[str, str]]:
    """Return the maps of a parameter such as `tags[0].key`."""
    maps: dict[int, dict[str, str]] = {}
    for key, value in params.items():
        indexed = _INDEXED.fullmatch(key)
        if indexed and indexed[1] == name:
            maps.setdefault(int(indexed[2]), {})[indexed[3]] = value
    return [maps[number] for number in sorted(maps)]


def is_true(params: dict[str, str], name: str, default: str = "false") -> bool:
    return params.get(name, default).lower() == "true"
