"""Errors of the command line."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

HINT_NOT_RUNNING = "is `stratiform up` running?"
HINT_CERTIFICATE = "set `cacert` in clouds.yaml, or OS_CACERT, to the file with the CA certificate"

#: Options by the names of the API's parameters.
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
    "retroactive": "--retroactive",
    "resource_id": "--resource",
    "resource_type": "--resource-type",
    "tag": "--tag",
    "to": "--to",
}

_QUOTED = re.compile(r"`([a-z_]+)`")


class CliError(Exception):
    """An error that is printed as one line with a hint; `code` is the exit status."""

    def __init__(self, message: str, hint: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def no_response(url: object, error: "httpx.HTTPError") -> CliError:
    """Return the error for a request without a response, with a hint that suits its cause."""
    is_untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
    return CliError(f"No response from {url}: {error}", HINT_CERTIFICATE if is_untrusted else HINT_NOT_RUNNING)


def error_of_response(response: "httpx.Response") -> CliError:
    """Return the error for an error response, with options in place of the API's parameters."""
    try:
        body = response.json()
    except ValueError:
        return CliError(
            f"{response.request.url} responded with status {response.status_code}",
            "check that it is a Stratiform server",
        )
    if not isinstance(body, dict):
        return CliError(
            f"{response.request.url} responded with status {response.status_code}",
            "check that it is a Stratiform server",
        )
    if isinstance(body.get("error"), dict):
        return CliError(str(body["error"].get("message", response.status_code)))
    return CliError(
        replace_parameters(str(body.get("detail", response.status_code))), replace_parameters(str(body.get("hint", "")))
    )


def replace_parameters(text: str) -> str:
    """Replace the API's parameters in a text by options of the command line."""
    return _QUOTED.sub(lambda match: _OPTIONS.get(match[1], match[0]), text)
