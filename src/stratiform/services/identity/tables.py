"""Tables of the identity service. A domain is a project with `is_domain`, as in Keystone."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Text, UniqueConstraint

from stratiform.kit.database import Json, define_table

projects = define_table(
    "identity_project",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("parent_id", String(64)),
    Column("is_domain", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Json, nullable=False),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("epoch", Integer, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_identity_project_parent_id", "parent_id"),
)

users = define_table(
    "identity_user",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("password", String(128), nullable=False),
    Column("password_changed_at", BigInteger),
    Column("password_expires_at", BigInteger),
    Column("enabled", Boolean, nullable=False),
    Column("default_project_id", String(64)),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("epoch", Integer, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

#: Hashes of passwords before the current one, for `unique_last_password_count`.
earlier_passwords = define_table(
    "identity_earlier_password",
    Column("user_id", String(64), primary_key=True),
    Column("password", String(128), primary_key=True),
    Column("replaced_at", BigInteger, nullable=False),
)

#: Failed sign-ins in a row. `key`: the id of the user, or the digest of a reference to an unknown one.
failed_sign_ins = define_table(
    "identity_failed_sign_in",
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", BigInteger, nullable=False),
    Index("ix_identity_failed_sign_in_failed_at", "failed_at"),
)

#: The time steps in which users have signed in with a passcode: each passcode is valid once.
used_passcodes = define_table(
    "identity_used_passcode",
    Column("user_id", String(64), primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Index("ix_identity_used_passcode_step", "step"),
)

#: Users of identity providers. `unique_id`: the id of the user at the provider.
federated_users = define_table(
    "identity_federated_user",
    Column("user_id", String(64), primary_key=True),
    Column("idp_id", String(64), nullable=False),
    Column("protocol_id", String(64), nullable=False),
    Column("unique_id", String(255), nullable=False),
    UniqueConstraint("idp_id", "protocol_id", "unique_id"),
)

#: Memberships of users of identity providers, until they expire.
expiring_memberships = define_table(
    "identity_expiring_membership",
    Column("group_id", String(64), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Column("idp_id", String(64), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_identity_expiring_membership_user_id", "user_id"),
)

#: Users and groups of directories. `local_id`: the value of the directory's id attribute.
directory_entries = define_table(
    "identity_directory_entry",
    Column("id", String(64), primary_key=True),
    Column("domain_id", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("local_id", String(255), nullable=False),
    UniqueConstraint("domain_id", "kind", "local_id"),
)

groups = define_table(
    "identity_group",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("description", Text, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

memberships = define_table(
    "identity_membership",
    Column("group_id", String(64), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Index("ix_identity_membership_user_id", "user_id"),
)

roles = define_table(
    "identity_role",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain_id", String(64), nullable=False),
    Column("description", Text),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

implied_roles = define_table(
    "identity_implied_role",
    Column("prior_id", String(64), primary_key=True),
    Column("implied_id", String(64), primary_key=True),
)

assignments = define_table(
    "identity_assignment",
    Column("actor_id", String(64), primary_key=True),
    Column("actor_kind", String(8), primary_key=True),
    Column("target_id", String(64), primary_key=True),
    Column("target_kind", String(8), primary_key=True),
    Column("role_id", String(64), primary_key=True),
    Column("inherited", Boolean, primary_key=True),
    Index("ix_identity_assignment_target", "target_id"),
)

regions = define_table(
    "identity_region",
    Column("id", String(255), primary_key=True),
    Column("description", Text, nullable=False),
    Column("parent_region_id", String(255)),
    Column("extra", Json, nullable=False),
)

services = define_table(
    "identity_service",
    Column("id", String(64), primary_key=True),
    Column("type", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("description", Text),
    Column("extra", Json, nullable=False),
)

endpoints = define_table(
    "identity_endpoint",
    Column("id", String(64), primary_key=True),
    Column("service_id", String(64), nullable=False),
    Column("interface", String(8), nullable=False),
    Column("url", Text, nullable=False),
    Column("region_id", String(255)),
    Column("enabled", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    Index("ix_identity_endpoint_service_id", "service_id"),
)

application_credentials = define_table(
    "identity_application_credential",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("secret", String(128), nullable=False),
    Column("description", Text),
    Column("expires_at", BigInteger),
    Column("unrestricted", Boolean, nullable=False),
    Column("role_ids", Json, nullable=False),
    Column("access_rules", Json),
    UniqueConstraint("user_id", "name"),
    Index("ix_identity_application_credential_project_id", "project_id"),
)

#: Policies, limits, credentials, trusts, federation, …: see `model/simple_resources.py`.
simple_resources = define_table(
    "identity_simple_resource",
    Column("kind", String(32), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("unique_key", String(512), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("attributes", Json, nullable=False),
    UniqueConstraint("kind", "unique_key"),
    Index("ix_identity_simple_resource_owner_id", "owner_id"),
)

#: Revoked tokens. A row can be deleted when its token has expired.
revocations = define_table(
    "identity_revocation",
    Column("audit_id", String(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

#: The directory revision, updated with every change that valid tokens may depend on. `stamp` is unique per revision.
states = define_table(
    "identity_state",
    Column("name", String(16), primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("stamp", String(32), nullable=False),
)
