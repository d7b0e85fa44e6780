"""How the command line says what went wrong."""

import re

import httpx

#: What the API calls otherwise than, or as, the command line's options.
_OPTIONS = {
    "all": "--all",
    "as_of": "--as-of",
    "bucket": "--bucket",
    "cloud": "--cloud",
    "from": "--from",
    "group_by": "--group-by",
    "measure": "--measure",
    "project_id": "--project",
    "reason": "--reason",
    "resource_id": "--resource",
    "resource_type": "--resource-type",
    "tag": "--tag",
    "to": "--to",
}

_QUOTED = re.compile(r"`([a-z_]+)`")


class CliError(Exception):
    """Told as one line and a hint; the command ends with `code`."""

    def __init__(self, message: str, hint: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def refusal(answer: httpx.Response) -> CliError:
    """What a server's answer says against a request, in the words of the command line."""
    try:
        body = answer.json()
    except ValueError:
        return CliError(f"{answer.request.url} answered {answer.status_code}", "is it a Stratiform?")
    if not isinstance(body, dict):
        return CliError(f"{answer.request.url} answered {answer.status_code}", "is it a Stratiform?")
    if isinstance(body.get("error"), dict):
        return CliError(str(body["error"].get("message", answer.status_code)))
    return CliError(in_options(str(body.get("detail", answer.status_code))), in_options(str(body.get("hint", ""))))


def in_options(text: str) -> str:
    """`text` of the API, with the options of the command line in the place of the API's parameters."""
    return _QUOTED.sub(lambda found: _OPTIONS.get(found[1], found[0]), text)
