"""Credentials of users, encrypted, and EC2 credentials. Source: Identity API v3, "Credentials", OS-EC2."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import (
    CredentialNotFound,
    DuplicateResource,
    ForbiddenAction,
    UserNotFound,
)
from stratiform.services.identity.model import JsonObject, ListQuery, Token
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.domains import load_project
from stratiform.services.identity.service.users import load_user

_KIND = "credential"


@dataclass(frozen=True, slots=True)
class Ec2Credential:
    """A decrypted EC2 credential. The last two are empty, or limit it to an application credential or a trust."""

    user_id: str
    project_id: str
    access: str
    secret: str = field(repr=False)
    application_credential_id: str = ""
    trust_id: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Operations on `/credentials` and `/users/{user_id}/credentials/OS-EC2`. Blobs are encrypted at rest.

    A token of a trust or of a restricted application credential can use only EC2 credentials that were created with
    it. Otherwise, it could read or create a secret that is worth more than itself.
    """

    ids: Ids
    keys: KeyRepository

    def create(self, ctx: RequestContext, token: Token, attributes: JsonObject) -> SimpleResource:
        """Create a credential with `user_id`, `type`, `blob` and `project_id`, and return it decrypted.

        Raises: ForbiddenAction, UserNotFound, ProjectNotFound, DuplicateResource, Invalid
        """
        policy.CREDENTIALS.create.require(ctx.caller, attributes["user_id"])
        if attributes["type"] == "ec2":
            attributes = _limit_to_delegation(token, attributes)
        _require_own_delegation(policy.CREDENTIALS.create, token, attributes)
        load_user(ctx.db, attributes["user_id"])
        if attributes.get("project_id"):
            load_project(ctx.db, attributes["project_id"])
        credential_id = self.ids.hex()
        if attributes["type"] == "ec2":
            if not attributes.get("project_id"):
                raise Invalid("Invalid input for field 'project_id': it is required for credentials of type ec2.")
            credential_id = _hash_access(_parse_ec2(attributes["blob"])["access"])
        record = SimpleResource(_KIND, credential_id, credential_id, attributes["user_id"], attributes)
        return self._save(ctx, record, is_new=True)

    def get(self, ctx: RequestContext, token: Token, credential_id: str) -> SimpleResource:
        record = repository.find_simple_resource(ctx.db, _KIND, credential_id)
        owner_id = record.owner_id if record else None
        policy.CREDENTIALS.get.require_own(ctx.caller, owner_id, CredentialNotFound(credential_id))
        if record is None:
            raise CredentialNotFound(credential_id)
        decrypted = self._decrypt(record)
        _require_own_delegation(policy.CREDENTIALS.get, token, decrypted.attributes)
        return decrypted

    def list(self, ctx: RequestContext, token: Token, filters: Mapping[str, str | bool]) -> Sequence[SimpleResource]:
        """Return the credentials that the caller may see and whose attributes equal `filters`."""

        def matches(record: SimpleResource) -> bool:
            is_visible = policy.CREDENTIALS.list.allows(ctx.caller, record.owner_id)
            return is_visible and all(record.attributes.get(name) == value for name, value in filters.items())

        records = repository.list_simple_resources(ctx.db, _KIND, matches=matches).items
        return self._list_accessible(token, records)

    def update(self, ctx: RequestContext, token: Token, credential_id: str, changes: JsonObject) -> SimpleResource:
        """Set attributes to new values. Raises: CredentialNotFound, ForbiddenAction for another user."""
        record = self.get(ctx, token, credential_id)
        policy.CREDENTIALS.update.require(ctx.caller, record.owner_id)
        policy.CREDENTIALS.update.require(ctx.caller, changes.get("user_id") or record.owner_id)
        attributes = record.attributes | changes
        if "ec2" in (attributes["type"], record.attributes["type"]) and attributes["type"] != record.attributes["type"]:
            raise Invalid("The type of an EC2 credential cannot be changed.")
        if attributes["type"] == "ec2" and _hash_access(_parse_ec2(attributes["blob"])["access"]) != record.id:
            raise ForbiddenAction("change the access key of an EC2 credential")
        if attributes["type"] == "ec2" and _get_delegation(attributes) != _get_delegation(record.attributes):
            raise ForbiddenAction("change the delegation of an EC2 credential")
        updated = replace(record, owner_id=attributes["user_id"], attributes=attributes)
        return self._save(ctx, updated, is_new=False)

    def delete(self, ctx: RequestContext, token: Token, credential_id: str) -> None:
        record = self.get(ctx, token, credential_id)
        policy.CREDENTIALS.delete.require(ctx.caller, record.owner_id)
        repository.delete_simple_resource(ctx.db, _KIND, record.id)

    def create_ec2(self, ctx: RequestContext, token: Token, user_id: str, project_id: str) -> SimpleResource:
        """Create an EC2 credential with a random key and secret. Raises: ForbiddenAction, ProjectNotFound."""
        policy.EC2_CREDENTIALS.create.require_own(ctx.caller, user_id, UserNotFound(user_id))
        if not ctx.caller.is_admin and not _has_project(ctx.db, user_id, project_id):
            raise ForbiddenAction(policy.EC2_CREDENTIALS.create.name)
        blob = {"access": secrets.token_hex(16), "secret": secrets.token_hex(16), "trust_id": None}
        attributes = {
            "user_id": user_id,
            "project_id": project_id,
            "type": "ec2",
            "blob": msgspec.json.encode(blob).decode(),
        }
        return self.create(ctx, token, attributes)

    def get_ec2(self, ctx: RequestContext, token: Token, user_id: str, access: str) -> SimpleResource:
        policy.EC2_CREDENTIALS.get.require_own(ctx.caller, user_id, UserNotFound(user_id))
        record = repository.find_simple_resource(ctx.db, _KIND, _hash_access(access))
        if record is None or record.owner_id != user_id or record.attributes["type"] != "ec2":
            raise CredentialNotFound(access)
        decrypted = self._decrypt(record)
        _require_own_delegation(policy.EC2_CREDENTIALS.get, token, decrypted.attributes)
        return decrypted

    def list_ec2(self, ctx: RequestContext, token: Token, user_id: str) -> Sequence[SimpleResource]:
        policy.EC2_CREDENTIALS.list.require_own(ctx.caller, user_id, UserNotFound(user_id))
        load_user(ctx.db, user_id)
        records = repository.list_owned_resources(ctx.db, _KIND, user_id)
        return self._list_accessible(token, [record for record in records if record.attributes["type"] == "ec2"])

    def delete_ec2(self, ctx: RequestContext, token: Token, user_id: str, access: str) -> None:
        policy.EC2_CREDENTIALS.delete.require_own(ctx.caller, user_id, UserNotFound(user_id))
        repository.delete_simple_resource(ctx.db, _KIND, self.get_ec2(ctx, token, user_id, access).id)

    def find_ec2(self, db: Connection, access: str) -> Ec2Credential | None:
        """Return the EC2 credential with an access key, without a policy check."""
        record = repository.find_simple_resource(db, _KIND, _hash_access(access))
        if record is None or record.attributes["type"] != "ec2":
            return None
        attributes = self._decrypt(record).attributes
        blob = _parse_ec2(attributes["blob"])
        if not isinstance(blob.get("secret"), str) or not blob["secret"]:
            return None
        app_cred_id, trust_id = _get_delegation(attributes)
        return Ec2Credential(record.owner_id, attributes["project_id"], access, blob["secret"], app_cred_id, trust_id)

    def parse_ec2(self, record: SimpleResource) -> JsonObject:
        """Return the access key and the secret of a decrypted EC2 credential."""
        return _parse_ec2(record.attributes["blob"])

    def list_totp_secrets(self, db: Connection, user_id: str) -> Sequence[str]:
        """Return the base32 secrets of a user's TOTP credentials, without a policy check."""
        records = repository.list_owned_resources(db, _KIND, user_id)
        return [self._decrypt(item).attributes["blob"] for item in records if item.attributes["type"] == "totp"]

    def reencrypt(self, db: Connection) -> int:
        """Encrypt all blobs with the newest key of the installation, and return their number.

        Raises: Invalid, naming the credential, if one can't be decrypted; then nothing may be committed.
        """
        repository.lock_simple_resources(db, _KIND)
        records = repository.list_simple_resources(db, _KIND).items
        for record in records:
            try:
                blob = self.keys.encrypt(self.keys.decrypt(record.attributes["blob"].encode())).decode()
            except Invalid as error:
                raise Invalid(f"Credential {record.id} cannot be decrypted: {error.message}") from error
            encrypted = replace(record, attributes=record.attributes | {"blob": blob})
            repository.save_simple_resource(db, encrypted, DuplicateResource("credential"), is_new=False)
        return len(records)

    def _list_accessible(self, token: Token, records: Sequence[SimpleResource]) -> Sequence[SimpleResource]:
        decrypted = [self._decrypt(record) for record in records]
        return [record for record in decrypted if _is_own_delegation(token, record.attributes)]

    def _save(self, ctx: RequestContext, record: SimpleResource, *, is_new: bool) -> SimpleResource:
        blob = self.keys.encrypt(str(record.attributes["blob"]).encode()).decode()
        encrypted = replace(record, attributes=record.attributes | {"blob": blob})
        repository.save_simple_resource(ctx.db, encrypted, DuplicateResource("credential"), is_new=is_new)
        return record

    def _decrypt(self, record: SimpleResource) -> SimpleResource:
        blob = self.keys.decrypt(record.attributes["blob"].encode()).decode()
        return replace(record, attributes=record.attributes | {"blob": blob})


def _parse_ec2(blob: str) -> JsonObject:
    try:
        values = msgspec.json.decode(blob.encode())
    except NOT_JSON as error:
        raise Invalid("Invalid blob in credential") from error
    if not isinstance(values, dict) or not isinstance(values.get("access"), str) or not values["access"]:
        raise Invalid("Invalid blob in credential")
    if not all(isinstance(values.get(name) or "", str) for name in ("secret", "app_cred_id", "trust_id")):
        raise Invalid("Invalid blob in credential")
    return values


def _get_delegation(attributes: JsonObject) -> tuple[str, str]:
    """Return the ids of the application credential and of the trust to which a credential is limited, or ""."""
    if attributes["type"] != "ec2":
        return "", ""
    blob = _parse_ec2(attributes["blob"])
    return blob.get("app_cred_id") or "", blob.get("trust_id") or ""


def _limit_to_delegation(token: Token, attributes: JsonObject) -> JsonObject:
    """Return the attributes of a new EC2 credential with the delegation of the token, never another one.

    Raises: ForbiddenAction for another project, and for a trust that may be used a limited number of times
    """
    blob = _parse_ec2(attributes["blob"])
    credential, trust = token.application_credential, token.trust
    delegation = credential or trust
    if delegation is not None and attributes.get("project_id") != delegation.project_id:
        raise ForbiddenAction("create an EC2 credential for another project than that of the token")
    if trust is not None and trust.remaining_uses is not None:
        raise ForbiddenAction("create an EC2 credential with a trust whose uses are limited")
    limits = {"trust_id": trust.id if trust else None}
    if credential is not None:
        limits["app_cred_id"] = credential.id
    own = {name: value for name, value in blob.items() if name not in ("trust_id", "app_cred_id")}
    return attributes | {"blob": msgspec.json.encode(own | limits).decode()}


def _is_own_delegation(token: Token, attributes: JsonObject) -> bool:
    """Return True if a token may use a credential: a delegated one, only those that were created with it."""
    app_cred_id, trust_id = _get_delegation(attributes)
    if token.trust is not None:
        return trust_id == token.trust.id
    credential = token.application_credential
    return credential is None or credential.unrestricted or app_cred_id == credential.id


def _require_own_delegation(rule: IdentityRule, token: Token, attributes: JsonObject) -> None:
    if not _is_own_delegation(token, attributes):
        raise rule.build_forbidden_error()


def _hash_access(access: str) -> str:
    """Return the id of an EC2 credential: the digest of its access key, as in Keystone."""
    return hashlib.sha256(access.encode()).hexdigest()


def _has_project(db: Connection, user_id: str, project_id: str) -> bool:
    projects = repository.list_assigned_projects(db, user_id, ListQuery(filters={"id": project_id}))
    return bool(projects.items)
