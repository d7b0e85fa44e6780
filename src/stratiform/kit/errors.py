"""Errors that are reported to callers. Each interface converts them to its own format and status codes."""


class Fault(Exception):
    """An error with a message for the caller, and a hint what to do (may be empty)."""

    status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Invalid(Fault):
    """The request is malformed or has an invalid value."""

    status = 400


class Unauthenticated(Fault):
    """The caller is not authenticated."""

    status = 401


class Forbidden(Fault):
    """The caller's roles do not allow the request."""

    status = 403


class OverLimit(Forbidden):
    """The request exceeds a quota or a spending limit."""


class NotFound(Fault):
    """The resource does not exist, or is not visible to the caller."""

    status = 404


class Conflict(Fault):
    """The resource exists already, or its state does not allow the request."""

    status = 409


class RemovedApi(Fault):
    """The API had the resource once, and its specification has removed it."""

    status = 410


class ContentTooLarge(Fault):
    """The request body is larger than allowed."""

    status = 413


class UnsupportedMediaType(Fault):
    """The content type of the request body is not supported."""

    status = 415


class UnsupportedOperation(Fault):
    """The API has the operation, but this product does not."""

    status = 501


class Unavailable(Fault):
    """The database or another service is not available; the request may be repeated later.

    `reason` may name hosts and databases: it is part of the text of the exception, which is logged, but not of
    `message`, which callers see.
    """

    status = 503

    def __init__(self, message: str, *, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.message}: {self.reason}" if self.reason else self.message


class Deadlock(Unavailable):
    """The database ended this transaction, because it and another one waited for each other."""

    def __init__(self) -> None:
        super().__init__("the request deadlocked with another one", hint="retry the request")


def describe_cause(error: Exception) -> str:
    """Return the text of a library's error, to be placed after a colon: without a capital letter at the start."""
    text = str(error)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
