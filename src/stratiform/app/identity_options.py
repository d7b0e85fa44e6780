"""The settings of the identity service; a base of the settings of all programs."""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from msgspec import Meta

from stratiform.kit.errors import Invalid
from stratiform.kit.settings import setting_field
from stratiform.services.identity.model import ADMIN_PROJECT, SecurityCompliance
from stratiform.services.identity.model.backends import IdentityBackends
from stratiform.services.identity.model.keystone import KeystoneSettings
from stratiform.services.identity.model.ldap import LdapSettings
from stratiform.services.identity.model.oidc import OidcSettings


@dataclass(frozen=True, kw_only=True)  # a class can have only one base with slots
class IdentityOptions:
    """Passwords, operators, and where users come from."""

    bcrypt_rounds: Annotated[int, Meta(ge=4, le=31)] = setting_field(
        12, "bcrypt cost factor of password hashes, 4 to 31, like Keystone's password_hash_rounds."
    )
    password_regex: str = setting_field(
        "", "Regular expression that new passwords must match, as in Keystone, such as `.{12,}$`; empty: any password."
    )
    password_regex_description: str = setting_field(
        "", "Description of password_regex in errors, as in Keystone, such as `12 characters or more`."
    )
    admin_project_name: str = setting_field(
        ADMIN_PROJECT,
        "Project in the default domain whose admins are operators, like admins with system scope; empty: admins of "
        "every project and domain are operators, as in OpenStack without secure RBAC.",
    )
    lockout_failure_attempts: Annotated[int, Meta(ge=0)] = setting_field(
        10, "Number of consecutive failed sign-ins after which a user is locked out, as in Keystone; 0: never."
    )
    lockout_duration: Annotated[int, Meta(ge=1)] = setting_field(
        60, "Number of seconds for which a user is locked out after the last of these failures."
    )
    unique_last_password_count: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Number of previous passwords that users must not reuse when they change theirs, as in Keystone; 0: none."
    )
    minimum_password_age: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Number of days before users can change their own password again, as in Keystone."
    )
    password_expires_days: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Number of days after which a new password expires, as in Keystone; 0: never."
    )
    change_password_upon_first_use: bool = setting_field(
        False, "Whether users must change a password set by an operator before they can sign in, as in Keystone."
    )
    oidc: tuple[OidcSettings, ...] = setting_field(
        (), "OpenID Connect providers for federation. Mappings are resources of OS-FEDERATION."
    )
    ldap: tuple[LdapSettings, ...] = setting_field((), "LDAP directories, each with the users and groups of a domain.")
    identity_mode: Literal["local", "keystone"] = setting_field(
        "local",
        "Accepted tokens: only those of this installation (local), or also those of another Keystone (keystone).",
    )
    keystone_url: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "Keystone v3 whose users, projects and tokens this installation uses, if identity_mode is keystone."
    )
    keystone_username: str = setting_field(
        "", "User that validates tokens at that Keystone; it needs the service or admin role."
    )
    keystone_password: str = setting_field("", "Password of that user.", secret=True)
    keystone_project: str = setting_field("service", "Project of that user.")
    keystone_user_domain: str = setting_field("Default", "Name of that user's domain.")
    keystone_project_domain: str = setting_field("Default", "Name of that project's domain.")
    keystone_cacert: str = setting_field("", "PEM file with the CA certificate of that Keystone; empty: the system's.")
    trusted_dashboards: tuple[str, ...] = setting_field(
        (), "URLs of dashboards that can receive the token of a WebSSO sign-in, like Keystone's trusted_dashboard."
    )

    @property
    def identity_backends(self) -> IdentityBackends:
        return IdentityBackends(self.oidc, self.trusted_dashboards, self.ldap, self._keystone)

    @property
    def _keystone(self) -> KeystoneSettings | None:
        if self.identity_mode == "local":
            return None
        if not self.keystone_url or not self.keystone_username:
            raise Invalid("identity_mode is keystone, but keystone_url or keystone_username is not set")
        return KeystoneSettings(
            url=self.keystone_url,
            username=self.keystone_username,
            password=self.keystone_password,
            project=self.keystone_project,
            user_domain=self.keystone_user_domain,
            project_domain=self.keystone_project_domain,
            cacert=self.keystone_cacert,
        )

    @property
    def security_compliance(self) -> SecurityCompliance:
        """Return the rules for sign-ins and passwords."""
        return SecurityCompliance(**{item.name: getattr(self, item.name) for item in fields(SecurityCompliance)})
