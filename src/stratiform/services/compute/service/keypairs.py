"""Key pairs. Source: Compute API reference, "Keypairs"."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField, KeyPairConflict, KeyPairNotFound
from stratiform.services.compute.model.keypairs import (
    GeneratedKey,
    KeyPair,
    compute_key_fingerprint,
    generate_key,
    validate_keypair_name,
)
from stratiform.services.compute.repository import keypairs as repository
from stratiform.services.compute.service.quotas import Quotas

_TYPES = ("ssh", "x509")


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """Operations of `/os-keypairs`. Key pairs belong to a user; operators may pass another `user_id`."""

    ids: Ids
    quotas: Quotas

    def list(self, ctx: RequestContext, page: Page, user_id: str | None = None) -> Slice[KeyPair]:
        """Return a page of the user's key pairs; the marker is a name."""
        return repository.list_keypairs(ctx.db, _require(ctx, policy.KEYPAIRS_LIST, user_id), page)

    def get(self, ctx: RequestContext, name: str, user_id: str | None = None) -> KeyPair:
        """Raises KeyPairNotFound."""
        owner_id = _require(ctx, policy.KEYPAIRS_SHOW, user_id)
        keypair = repository.find_keypair(ctx.db, owner_id, name)
        if keypair is None:
            raise KeyPairNotFound(name, owner_id)
        return keypair

    def require_create(self, ctx: RequestContext, user_id: str | None = None) -> None:
        """Check the policy before `generate`, which is expensive. Raises Forbidden."""
        _require(ctx, policy.KEYPAIRS_CREATE, user_id)

    def generate(self, key_type: str, comment: str, now: Micros) -> GeneratedKey:
        """Generate a key. Takes tens of milliseconds: call it with no transaction open. Raises InvalidField."""
        _validate_type(key_type)
        return generate_key(key_type, comment, now)

    def create(
        self, ctx: RequestContext, name: str, public_key: str, *, key_type: str = "ssh", user_id: str | None = None
    ) -> KeyPair:
        """Import a public key. Raises InvalidField, Invalid, KeyPairConflict, TooManyKeyPairs."""
        owner_id = _require(ctx, policy.KEYPAIRS_CREATE, user_id)
        validate_keypair_name(name)
        _validate_type(key_type)
        fingerprint = compute_key_fingerprint(key_type, public_key)
        if repository.find_keypair(ctx.db, owner_id, name) is not None:
            raise KeyPairConflict(name)
        self.quotas.reserve_keypair(ctx, owner_id)
        keypair = KeyPair(self.ids.uuid(), owner_id, name, key_type, public_key, fingerprint, ctx.now)
        return repository.insert_keypair(ctx.db, keypair)

    def delete(self, ctx: RequestContext, name: str, user_id: str | None = None) -> None:
        """Delete the key pair; servers keep the public key. Raises KeyPairNotFound."""
        owner_id = _require(ctx, policy.KEYPAIRS_DELETE, user_id)
        if not repository.delete_keypair(ctx.db, owner_id, name):
            raise KeyPairNotFound(name, owner_id)


def _validate_type(key_type: str) -> None:
    if key_type not in _TYPES:
        raise InvalidField("type", key_type, f"{key_type!r} is not one of {list(_TYPES)}")


def get_public_key(ctx: RequestContext, name: str | None) -> str:
    """Return the public key of the caller's key pair, "" for None. Raises Invalid."""
    if name is None:
        return ""
    keypair = repository.find_keypair(ctx.db, ctx.caller.user_id, name)
    if keypair is None:
        raise Invalid("Invalid key_name provided.")
    return keypair.public_key


def _require(ctx: RequestContext, rule: Rule, user_id: str | None) -> str:
    """Return the id of the user whose key pairs the request concerns. Raises Forbidden."""
    owner_id = user_id or ctx.caller.user_id
    rule.require(ctx.caller, owner_id)
    return owner_id
