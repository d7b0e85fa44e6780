"""Keystone's own sentences. Source: keystone/exception.py, whose texts clients and people search for."""

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class NotSignedIn(Unauthenticated):
    """One text for every reason, so that nobody learns which part of a guess was right."""

    def __init__(self) -> None:
        super().__init__("The request you have made requires authentication.")


class NoSuch(NotFound):
    """`kind` is the word of the field: project, user, Application Credential …"""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"Could not find {kind}: {key}.")


class NoSuchToken(NotFound):
    """The subject token can't be used; its text is a secret and is not repeated."""

    def __init__(self) -> None:
        super().__init__("Failed to validate token")


class NoSuchAssignment(NotFound):
    """The role is not assigned there."""

    def __init__(self, role_id: str, actor_id: str, target_id: str) -> None:
        super().__init__(
            f"Could not find role assignment with role: {role_id}, user or group: {actor_id}, "
            f"project, domain, or system: {target_id}."
        )


class Duplicate(Conflict):
    """Something of this `kind` has the name already; `domain_id` says where, if names are per domain."""

    def __init__(self, kind: str, name: str, domain_id: str = "") -> None:
        place = f" at domain ID {domain_id}" if domain_id else ""
        super().__init__(
            f"Conflict occurred attempting to store {kind} - Duplicate entry found with name {name}{place}."
        )


class Denied(Forbidden):
    """`action` is a rule's name or a sentence."""

    def __init__(self, action: str) -> None:
        super().__init__(f"You are not authorized to perform the requested action: {action}.")


class Malformed(Invalid):
    """The request lacks `attribute` inside `target`."""

    def __init__(self, attribute: str, target: str) -> None:
        super().__init__(
            f"Expecting to find {attribute} in {target}. The server could not comply with the request since it is "
            "either malformed or otherwise incorrect. The client is assumed to be in error."
        )
