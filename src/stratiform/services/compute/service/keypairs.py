"""The verbs on key pairs."""

from stratiform.kit.call import Call
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

    def keypairs(self, call: Call, page: Page, user_id: str | None = None) -> Slice[KeyPair]:
        owner = self._owner(call, "index", user_id)
        return catalog.list_keypairs(call.db, owner, page)

    def keypair(self, call: Call, name: str, user_id: str | None = None) -> KeyPair:
        """Raises KeyPairNotFound."""
        owner = self._owner(call, "show", user_id)
        found = catalog.keypair(call.db, owner, name)
        if found is None:
            raise KeyPairNotFound(name, owner)
        return found

    def may_generate(self, call: Call, user_id: str | None = None) -> None:
        """Asked before `generate_key`, which is work. Raises Forbidden."""
        self._owner(call, "create", user_id)

    @staticmethod
    def generate_key(comment: str) -> GeneratedKey:
        """A new key; slow, so it is called with no transaction open."""
        return generate(comment)

    def add_keypair(
        self, call: Call, name: str, public_key: str, *, kind: str = "ssh", user_id: str | None = None
    ) -> KeyPair:
        """Raises InvalidField, Invalid for a key that is none, Conflict for a name that is taken."""
        owner = self._owner(call, "create", user_id)
        check_name(name)
        if kind not in ("ssh", "x509"):
            raise InvalidField("type", kind, f"{kind!r} is not one of ['ssh', 'x509']")
        digest = fingerprint(kind, public_key)
        if catalog.keypair(call.db, owner, name) is not None:
            raise Conflict(f"Key pair '{name}' already exists.")
        pair = KeyPair(self.ids.uuid(), owner, name, kind, public_key, digest, call.now)
        return catalog.keypairs.insert(call.db, pair)

    def delete_keypair(self, call: Call, name: str, user_id: str | None = None) -> None:
        """Servers that were made with it keep it. Raises KeyPairNotFound."""
        owner = self._owner(call, "delete", user_id)
        if not catalog.delete_keypair(call.db, owner, name):
            raise KeyPairNotFound(name, owner)

    def _owner(self, call: Call, verb: str, user_id: str | None) -> str:
        owner = user_id or call.caller.user_id
        policy.require(call.caller, _PREFIX + verb, owner)
        return owner
