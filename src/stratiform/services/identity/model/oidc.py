"""Settings of OpenID Connect providers, and the attributes of their users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stratiform.kit.settings import setting_field


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An OpenID Connect provider. Only the issuer and the endpoints in its discovery document are contacted."""

    identity_provider: str = setting_field(help="ID of the identity provider in OS-FEDERATION.")
    issuer: Annotated[str, Meta(pattern="^https?://.+$")] = setting_field(
        help="Issuer of the provider's tokens; its discovery document is at ISSUER/.well-known/openid-configuration."
    )
    client_id: str = setting_field(help="ID of Stratiform as a client of the provider.")
    client_secret: str = setting_field("", "Secret of that client.", secret=True)
    protocol: str = setting_field("openid", "ID of the protocol in OS-FEDERATION.")
    audience: str = setting_field(
        "", "Audience that access tokens must have; empty: client_id (in aud, azp or client_id)."
    )
    introspection: bool = setting_field(
        False, "Whether access tokens are verified by the provider (RFC 7662) instead of by their signature."
    )
    userinfo: bool = setting_field(False, "Whether attributes are also read from the provider's userinfo endpoint.")
    scope: str = setting_field("openid email profile", "Scope that browser sign-ins request.")
    cacert: str = setting_field("", "PEM file with the CA certificate of the provider; empty: the system's.")


def build_assertion(issuer: str, claims: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the attributes of a user under the names that mod_auth_openidc uses: `OIDC-NAME` and `HTTP_OIDC_NAME`.

    `REMOTE_USER` is SUBJECT@ISSUER. Nested claims are left out.
    """
    assertion = {"REMOTE_USER": [f"{claims.get('sub', '')}@{issuer}"]}
    for name, claim in {**claims, "iss": issuer}.items():
        values = [_format(item) for item in (claim if isinstance(claim, list) else [claim])]
        texts = [value for value in values if value is not None]
        for key in (f"OIDC-{name}", "HTTP_OIDC_" + name.upper().replace("-", "_").replace(".", "_")):
            assertion[key] = texts
    return assertion


def _format(claim: object) -> str | None:
    if isinstance(claim, bool):
        return "true" if claim else "false"
    return str(claim) if isinstance(claim, (str, int, float)) else None
