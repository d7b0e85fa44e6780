"""The manifest of the identity service."""

from stratiform.services.identity import policy, tables
from stratiform.services.identity.service import IdentityService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, _registry: ServiceRegistry) -> IdentityService:
    return IdentityService.build(env.ids, env.token_keys, bcrypt_rounds=env.bcrypt_rounds, token_ttl_s=env.token_ttl_s)


manifest = ServiceManifest(name="identity", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
