"""The verbs on key pairs."""

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict
from stratiform.kit.pagination import Page, Slice
from stratiform.services.compute.errors import InvalidField, KeyPairNotFound
from stratiform.services.compute.model.keypair import GeneratedKey, KeyPair, check_name, fingerprint, generate
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import catalog
from stratiform.services.compute.service.parts import Parts

_PREFIX = "os_compute_api:os-keypairs:"


class KeyPairVerbs(Parts):
    """Key pairs belong to a user; `user_id` is for the operator, who may name another one's."""

    __slots__ = ()

    def keypairs(self, ctx: RequestContext, page: Page, user_id: str | None = None) -> Slice[KeyPair]:
        owner = self._owner(ctx, "index", user_id)
        return catalog.list_keypairs(ctx.db, owner, page)

    def keypair(self, ctx: RequestContext, name: str, user_id: str | None = None) -> KeyPair:
        """Raises KeyPairNotFound."""
        owner = self._owner(ctx, "show", user_id)
        found = catalog.keypair(ctx.db, owner, name)
        if found is None:
            raise KeyPairNotFound(name, owner)
        return found

    def may_generate(self, ctx: RequestContext, user_id: str | None = None) -> None:
        """Asked before `generate_key`, which is work. Raises Forbidden."""
        self._owner(ctx, "create", user_id)

    @staticmethod
    def generate_key(comment: str) -> GeneratedKey:
        """A new key; slow, so it is called with no transaction open."""
        return generate(comment)

    def add_keypair(
        self, ctx: RequestContext, name: str, public_key: str, *, kind: str = "ssh", user_id: str | None = None
    ) -> KeyPair:
        """Raises InvalidField, Invalid for a key that is none, Conflict for a name that is taken."""
        owner = self._owner(ctx, "create", user_id)
        check_name(name)
        if kind not in ("ssh", "x509"):
            raise InvalidField("type", kind, f"{kind!r} is not one of ['ssh', 'x509']")
        digest = fingerprint(kind, public_key)
        if catalog.keypair(ctx.db, owner, name) is not None:
            raise Conflict(f"Key pair '{name}' already exists.")
        pair = KeyPair(self.ids.uuid(), owner, name, kind, public_key, digest, ctx.now)
        return catalog.keypairs.insert(ctx.db, pair)

    def delete_keypair(self, ctx: RequestContext, name: str, user_id: str | None = None) -> None:
        """Servers that were made with it keep it. Raises KeyPairNotFound."""
        owner = self._owner(ctx, "delete", user_id)
        if not catalog.delete_keypair(ctx.db, owner, name):
            raise KeyPairNotFound(name, owner)

    def _owner(self, ctx: RequestContext, verb: str, user_id: str | None) -> str:
        owner = user_id or ctx.caller.user_id
        policy.require(ctx.caller, _PREFIX + verb, owner)
        return owner
