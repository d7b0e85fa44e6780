"""The few kinds of failure. A service raises one; each face says it in its own field's shape and status."""


class Fault(Exception):
    """Something the caller is told. `message` is for a person, `hint` says what to do next (may be empty)."""

    status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Invalid(Fault):
    """The request can't be understood or is against the rules, whoever asks and whenever."""

    status = 400


class Unauthenticated(Fault):
    """Nobody known is asking."""

    status = 401


class Forbidden(Fault):
    """Somebody known asks for what their roles don't allow."""

    status = 403


class OverLimit(Forbidden):
    """A quota or a spending cap says no."""


class NotFound(Fault):
    """There is no such thing, or not for this caller."""

    status = 404


class Conflict(Fault):
    """The thing exists already, or is not in a state that allows this."""

    status = 409


class ContentTooLarge(Fault):
    """More bytes than the resource may have."""

    status = 413


class UnsupportedMediaType(Fault):
    """A body in a form that isn't read here."""

    status = 415


class Unavailable(Fault):
    """A part that we need does not answer; the same request may succeed later."""

    status = 503
