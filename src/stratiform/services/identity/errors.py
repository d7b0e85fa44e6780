"""Errors of the Identity API with Keystone's messages. Source: keystone/exception.py."""

from typing import ClassVar

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable


class AuthenticationFailed(Unauthenticated):
    """Invalid credentials or token. The message is the same for every cause, so a client cannot probe for users."""

    def __init__(self) -> None:
        super().__init__("The request you have made requires authentication.")


class KeystoneUnreachable(Unavailable):
    """The Keystone whose tokens are accepted does not respond, or rejects the user that validates tokens."""


class PasswordExpired(Unauthenticated):
    """The password is right, and expired."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"The password is expired and needs to be changed for user: {user_id}.")


class PasswordReused(Invalid):
    """The new password is one of the last `unique_last_password_count` passwords."""

    def __init__(self, count: int) -> None:
        super().__init__(
            "The new password cannot be identical to a previous password. The total number which includes the new "
            f"password must be unique is {count}."
        )


class PasswordTooNew(Invalid):
    """The password was changed less than `minimum_password_age` days ago."""

    def __init__(self, minimum_days: int, days_left: int) -> None:
        super().__init__(
            "You cannot change your password at this time due to the minimum password age. Once you change your "
            f"password, it must be used for {minimum_days} day(s) before it can be changed. Please try again in "
            f"{days_left} day(s) or contact your administrator to reset your password."
        )


class PasswordTooLong(Forbidden):
    def __init__(self, size: int) -> None:
        super().__init__(
            f"The password length must be less than or equal to {size}. The server could not comply with the request "
            "because the password is invalid."
        )


class PasswordRequirements(Invalid):
    """The password does not match the setting `password_regex`."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The password does not match the requirements: {detail}.")


class ResourceNotFound(NotFound):
    """Base class for a resource that does not exist; `resource` is its name in the message."""

    resource: ClassVar[str]

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"Could not find {self.resource}: {resource_id}.")


class ProjectNotFound(ResourceNotFound):
    resource = "project"


class ProjectTagNotFound(ResourceNotFound):
    resource = "project tag"


class DomainNotFound(ResourceNotFound):
    resource = "domain"


class UserNotFound(ResourceNotFound):
    resource = "user"


class GroupNotFound(ResourceNotFound):
    resource = "group"


class RoleNotFound(ResourceNotFound):
    resource = "role"


class ServiceNotFound(ResourceNotFound):
    resource = "service"


class EndpointNotFound(ResourceNotFound):
    resource = "endpoint"


class RegionNotFound(ResourceNotFound):
    resource = "region"


class ApplicationCredentialNotFound(ResourceNotFound):
    resource = "Application Credential"


class SimpleResourceNotFound(NotFound):
    """A resource of the kind `label` does not exist."""

    def __init__(self, label: str, resource_id: str) -> None:
        super().__init__(f"Could not find {label}: {resource_id}.")


class AccessRuleNotFound(ResourceNotFound):
    resource = "Access Rule"


class TrustNotFound(ResourceNotFound):
    resource = "trust"


class CredentialNotFound(ResourceNotFound):
    resource = "credential"


class LimitRejected(Forbidden):
    """A limit or registered limit cannot be created, changed or deleted as requested."""


class TokenNotFound(NotFound):
    """The subject token is missing or invalid. The message does not repeat the token."""

    def __init__(self) -> None:
        super().__init__("Failed to validate token")


class RoleAssignmentNotFound(NotFound):
    """The actor does not have the role on the target."""

    def __init__(self, role_id: str, actor_id: str, target_id: str) -> None:
        super().__init__(
            f"Could not find role assignment with role: {role_id}, user or group: {actor_id}, "
            f"project, domain, or system: {target_id}."
        )


class ImpliedRoleNotFound(NotFound):
    """The prior role does not imply the other role directly."""

    def __init__(self, prior_id: str, implied_id: str) -> None:
        super().__init__(f"{prior_id} does not imply {implied_id}.")


class MembershipNotFound(NotFound):
    """The user is not a member of the group."""

    def __init__(self, user_id: str, group_id: str) -> None:
        super().__init__(f"User '{user_id}' not found in group '{group_id}'")


class NameConflict(Conflict):
    """Another resource of the same type has this name; `domain_id` is empty for names that are unique globally."""

    def __init__(self, resource: str, name: str, domain_id: str = "") -> None:
        domain = f" at domain ID {domain_id}" if domain_id else ""
        super().__init__(
            f"Conflict occurred attempting to store {resource} - Duplicate entry found with name {name}{domain}."
        )


class DuplicateResource(Conflict):
    """Another resource of this kind has the same id or unique attributes."""

    def __init__(self, label: str) -> None:
        super().__init__(f"Conflict occurred attempting to store {label} - Duplicate entry.")


class RegionConflict(Conflict):
    """A region cannot be stored as requested."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Conflict occurred attempting to store region - {reason}.")


class ForbiddenAction(Forbidden):
    """The caller may not perform `action`: the name of a policy rule, or a description."""

    def __init__(self, action: str) -> None:
        super().__init__(f"You are not authorized to perform the requested action: {action}.")
