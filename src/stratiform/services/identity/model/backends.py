"""Settings of where users come from, beside the database."""

from dataclasses import dataclass

from stratiform.services.identity.model.keystone import KeystoneSettings
from stratiform.services.identity.model.ldap import LdapSettings
from stratiform.services.identity.model.oidc import OidcSettings


@dataclass(frozen=True, slots=True)
class IdentityBackends:
    """External sources of users. `trusted_dashboards`: URLs that receive the tokens of sign-ins by a browser.

    `keystone`: a Keystone whose tokens are accepted beside those of this installation.
    """

    oidc: tuple[OidcSettings, ...] = ()
    trusted_dashboards: tuple[str, ...] = ()
    ldap: tuple[LdapSettings, ...] = ()
    keystone: KeystoneSettings | None = None
