"""The manifest of the identity service."""

from stratiform.services.identity import policy, tables
from stratiform.services.identity.service import IdentityService
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, _registry: ServiceRegistry) -> IdentityService:
    passwords = PasswordHasher(env.bcrypt_rounds, env.password_regex, env.password_regex_description)
    return IdentityService.build(
        env.ids,
        env.token_keys,
        env.secret_keys,
        passwords,
        token_ttl_s=env.token_ttl_s,
        compliance=env.security_compliance,
        admin_project_name=env.admin_project_name,
        backends=env.identity_backends,
        clock=env.clock,
        publishes_notifications=env.publishes_notifications,
    )


manifest = ServiceManifest(name="identity", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
