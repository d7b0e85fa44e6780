"""Limits of delegated tokens: those of trusts and of application credentials."""

from stratiform.services.identity.model import Token
from stratiform.services.identity.policy import IdentityRule


def require_undelegated(rule: IdentityRule, token: Token) -> None:
    """Reject tokens that may not delegate further, or change what their user delegates.

    These are the tokens of trusts, and of application credentials that are restricted or have access rules, which a
    new credential or trust would not have.

    Raises: ForbiddenAction
    """
    credential = token.application_credential
    is_limited = credential is not None and (not credential.unrestricted or credential.access_rules is not None)
    if token.trust is not None or is_limited:
        raise rule.build_forbidden_error()
