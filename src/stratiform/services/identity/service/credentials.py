"""Credentials of users, encrypted, and EC2 credentials. Source: Identity API v3, "Credentials", OS-EC2."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import (
    CredentialNotFound,
    DuplicateResource,
    ForbiddenAction,
    UserNotFound,
)
from stratiform.services.identity.model import JsonObject, ListQuery
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.service.domains import load_project
from stratiform.services.identity.service.users import load_user

_KIND = "credential"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Operations on `/credentials` and `/users/{user_id}/credentials/OS-EC2`. Blobs are encrypted at rest."""

    ids: Ids
    keys: KeyRepository

    def create(self, ctx: RequestContext, attributes: JsonObject) -> SimpleResource:
        """Create a credential with `user_id`, `type`, `blob` and `project_id`, and return it decrypted.

        Raises: ForbiddenAction, UserNotFound, ProjectNotFound, DuplicateResource, Invalid
        """
        policy.CREDENTIALS.create.require(ctx.caller, attributes["user_id"])
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

    def get(self, ctx: RequestContext, credential_id: str) -> SimpleResource:
        record = repository.find_simple_resource(ctx.db, _KIND, credential_id)
        owner_id = record.owner_id if record else None
        policy.CREDENTIALS.get.require_own(ctx.caller, owner_id, CredentialNotFound(credential_id))
        if record is None:
            raise CredentialNotFound(credential_id)
        return self._decrypt(record)

    def list(self, ctx: RequestContext, filters: Mapping[str, str | bool]) -> Sequence[SimpleResource]:
        """Return the credentials that the caller may see and whose attributes equal `filters`."""

        def matches(record: SimpleResource) -> bool:
            is_visible = policy.CREDENTIALS.list.allows(ctx.caller, record.owner_id)
            return is_visible and all(record.attributes.get(name) == value for name, value in filters.items())

        return [self._decrypt(item) for item in repository.list_simple_resources(ctx.db, _KIND, matches=matches).items]

    def update(self, ctx: RequestContext, credential_id: str, changes: JsonObject) -> SimpleResource:
        """Set attributes to new values. Raises: CredentialNotFound, ForbiddenAction for another user."""
        record = self.get(ctx, credential_id)
        policy.CREDENTIALS.update.require(ctx.caller, record.owner_id)
        policy.CREDENTIALS.update.require(ctx.caller, changes.get("user_id") or record.owner_id)
        attributes = record.attributes | changes
        if "ec2" in (attributes["type"], record.attributes["type"]) and attributes["type"] != record.attributes["type"]:
            raise Invalid("The type of an EC2 credential cannot be changed.")
        if attributes["type"] == "ec2" and _hash_access(_parse_ec2(attributes["blob"])["access"]) != record.id:
            raise ForbiddenAction("change the access key of an EC2 credential")
        updated = replace(record, owner_id=attributes["user_id"], attributes=attributes)
        return self._save(ctx, updated, is_new=False)

    def delete(self, ctx: RequestContext, credential_id: str) -> None:
        record = self.get(ctx, credential_id)
        policy.CREDENTIALS.delete.require(ctx.caller, record.owner_id)
        repository.delete_simple_resource(ctx.db, _KIND, record.id)

    def create_ec2(self, ctx: RequestContext, user_id: str, project_id: str) -> SimpleResource:
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
        return self.create(ctx, attributes)

    def get_ec2(self, ctx: RequestContext, user_id: str, access: str) -> SimpleResource:
        policy.EC2_CREDENTIALS.get.require_own(ctx.caller, user_id, UserNotFound(user_id))
        record = repository.find_simple_resource(ctx.db, _KIND, _hash_access(access))
        if record is None or record.owner_id != user_id or record.attributes["type"] != "ec2":
            raise CredentialNotFound(access)
        return self._decrypt(record)

    def list_ec2(self, ctx: RequestContext, user_id: str) -> Sequence[SimpleResource]:
        policy.EC2_CREDENTIALS.list.require_own(ctx.caller, user_id, UserNotFound(user_id))
        load_user(ctx.db, user_id)
        records = repository.list_owned_resources(ctx.db, _KIND, user_id)
        return [self._decrypt(record) for record in records if record.attributes["type"] == "ec2"]

    def delete_ec2(self, ctx: RequestContext, user_id: str, access: str) -> None:
        policy.EC2_CREDENTIALS.delete.require_own(ctx.caller, user_id, UserNotFound(user_id))
        repository.delete_simple_resource(ctx.db, _KIND, self.get_ec2(ctx, user_id, access).id)

    def parse_ec2(self, record: SimpleResource) -> dict[str, str]:
        """Return the access key and the secret of a decrypted EC2 credential."""
        return _parse_ec2(record.attributes["blob"])

    def list_totp_secrets(self, db: Connection, user_id: str) -> Sequence[str]:
        """Return the base32 secrets of a user's TOTP credentials, without a policy check."""
        records = repository.list_owned_resources(db, _KIND, user_id)
        return [self._decrypt(item).attributes["blob"] for item in records if item.attributes["type"] == "totp"]

    def _save(self, ctx: RequestContext, record: SimpleResource, *, is_new: bool) -> SimpleResource:
        blob = self.keys.encrypt(str(record.attributes["blob"]).encode()).decode()
        encrypted = replace(record, attributes=record.attributes | {"blob": blob})
        repository.save_simple_resource(ctx.db, encrypted, DuplicateResource("credential"), is_new=is_new)
        return record

    def _decrypt(self, record: SimpleResource) -> SimpleResource:
        blob = self.keys.decrypt(record.attributes["blob"].encode()).decode()
        return replace(record, attributes=record.attributes | {"blob": blob})


def _parse_ec2(blob: str) -> dict[str, str]:
    try:
        values = msgspec.json.decode(blob.encode())
    except msgspec.DecodeError as error:
        raise Invalid("Invalid blob in credential") from error
    if not isinstance(values, dict) or not isinstance(values.get("access"), str) or not values["access"]:
        raise Invalid("Invalid blob in credential")
    return values


def _hash_access(access: str) -> str:
    """Return the id of an EC2 credential: the digest of its access key, as in Keystone."""
    return hashlib.sha256(access.encode()).hexdigest()


def _has_project(db: Connection, user_id: str, project_id: str) -> bool:
    projects = repository.list_assigned_projects(db, user_id, ListQuery(filters={"id": project_id}))
    return bool(projects.items)
