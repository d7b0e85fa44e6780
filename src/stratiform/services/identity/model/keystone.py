"""Settings of a Keystone whose tokens are accepted, and its tokens. Source: Identity API v3, "Validate token"."""

from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from stratiform.kit.clock import Micros, parse_iso

#: Roles that a role implies. Older Keystones have the role `_member_` and no `reader`.
_IMPLIED_ROLES = {
    "admin": ("manager", "member", "reader"),
    "manager": ("member", "reader"),
    "member": ("reader",),
    "_member_": ("member", "reader"),
}


@dataclass(frozen=True, slots=True)
class KeystoneSettings:
    """A Keystone v3 at `url`, and the user that validates tokens there; it needs the role `service` or `admin`."""

    url: str
    username: str
    password: str = field(repr=False)
    project: str = "service"
    user_domain: str = "Default"
    user_domain_id: str = ""
    project_domain: str = "Default"
    cacert: str = ""


class KeystoneDomain(Struct, frozen=True):
    id: str
    name: str = ""


class KeystoneReference(Struct, frozen=True):
    """A user or a project."""

    id: str
    name: str = ""
    domain: KeystoneDomain = KeystoneDomain("default", "Default")


class KeystoneRole(Struct, frozen=True):
    name: str
    id: str = ""


class KeystoneCredential(Struct, frozen=True):
    """An application credential. `access_rules`: the requests that it may send; None: all."""

    id: str = ""
    name: str = ""
    restricted: bool = True
    access_rules: list[dict[str, object]] | None = None


class KeystoneToken(Struct, frozen=True):
    """A valid token of a Keystone."""

    user: KeystoneReference
    expires_at: str
    issued_at: str = ""
    methods: tuple[str, ...] = ()
    audit_ids: tuple[str, ...] = ()
    project: KeystoneReference | None = None
    domain: KeystoneDomain | None = None
    roles: tuple[KeystoneRole, ...] = ()
    system: dict[str, bool] | None = None
    application_credential: KeystoneCredential | None = None

    @property
    def role_names(self) -> frozenset[str]:
        """The names of the roles in lower case, with those that they imply."""
        names = {role.name.lower() for role in self.roles}
        return frozenset(names.union(*(_IMPLIED_ROLES.get(name, ()) for name in names)))

    @property
    def expiry(self) -> Micros:
        return parse_iso(self.expires_at)


class _Response(Struct):
    token: KeystoneToken


def parse_token(body: bytes) -> KeystoneToken:
    """Return the token in a response. Raises ValueError, and those of `kit.json_errors.NOT_JSON`."""
    token = msgspec.json.decode(body, type=_Response).token
    parse_iso(token.expires_at)
    return token
