"""First administrator, roles, domain and catalog of an installation, as created by `keystone-manage bootstrap`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.model import (
    ADMIN_PROJECT,
    DEFAULT_DOMAIN,
    SYSTEM_TARGET,
    CatalogService,
    Endpoint,
    Project,
    Region,
    Role,
    RoleAssignment,
    Service,
    TargetKind,
    User,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.password_hasher import PasswordHasher

#: Each role implies the next one.
_ROLE_CHAIN = ("admin", "manager", "member", "reader")

_INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Creates missing resources and keeps existing ones, so it can run at every start."""

    ids: Ids
    cache: DirectoryCache
    passwords: PasswordHasher

    def run(self, db: Connection, now: Micros, admin_password: str) -> None:
        """Create the missing resources. An existing admin keeps its password."""
        changes = [
            self._ensure_default_domain(db),
            self._ensure_roles(db),
            self._ensure_admin(db, now, admin_password),
        ]
        if any(changes):
            self.cache.invalidate(db, now)

    def update_catalog(
        self, db: Connection, now: Micros, url: str, region: str, catalog: Sequence[CatalogService]
    ) -> None:
        if self._ensure_catalog(db, url, region, catalog):
            self.cache.invalidate(db, now)

    def is_done(self, db: Connection) -> bool:
        return repository.projects.find(db, DEFAULT_DOMAIN) is not None

    def ensure_demo_project(self, ctx: RequestContext, password: str) -> Project:
        """Return the project "demo"; create it and its member "demo" with `password` if missing."""
        project = repository.find_by_name(ctx.db, repository.projects, "demo", DEFAULT_DOMAIN)
        if project is None:
            project = self._create_project(ctx.db, ctx.now, "demo", "Demo project")
        user = self._ensure_user(ctx.db, ctx.now, "demo", password, project)
        if _ensure_assignment(ctx.db, "member", user, "project", project.id):
            self.cache.invalidate(ctx.db, ctx.now)
        return project

    def _ensure_default_domain(self, db: Connection) -> bool:
        if self.is_done(db):
            return False
        domain = Project(DEFAULT_DOMAIN, "Default", "", is_domain=True, description="The default domain")
        repository.projects.insert(db, domain)
        return True

    def _ensure_roles(self, db: Connection) -> bool:
        roles = {role.name: role for role in repository.list_global_roles(db)}
        missing = [name for name in (*_ROLE_CHAIN, "service") if name not in roles]
        for name in missing:
            roles[name] = repository.roles.insert(db, Role(self.ids.hex(), name))
        if missing:
            for prior, implied in pairwise(_ROLE_CHAIN):
                repository.create_implied_role(db, roles[prior].id, roles[implied].id)
        return bool(missing)

    def _ensure_admin(self, db: Connection, now: Micros, password: str) -> bool:
        project = repository.find_by_name(db, repository.projects, ADMIN_PROJECT, DEFAULT_DOMAIN)
        if project is None:
            project = self._create_project(db, now, ADMIN_PROJECT, "Bootstrap project for initializing the cloud.")
        user = self._ensure_user(db, now, "admin", password, project)
        project_changed = _ensure_assignment(db, "admin", user, "project", project.id)
        return _ensure_assignment(db, "admin", user, "system", SYSTEM_TARGET) or project_changed

    def _create_project(self, db: Connection, now: Micros, name: str, description: str) -> Project:
        project = Project(self.ids.hex(), name, DEFAULT_DOMAIN, parent_id=DEFAULT_DOMAIN, description=description)
        outbox.append_name(db, "project", project.id, name, now)
        return repository.projects.insert(db, project)

    def _ensure_user(self, db: Connection, now: Micros, name: str, password: str, project: Project) -> User:
        user = repository.find_by_name(db, repository.users, name, DEFAULT_DOMAIN)
        if user is not None:
            return user
        user = User(
            id=self.ids.hex(),
            name=name,
            domain_id=DEFAULT_DOMAIN,
            password=self.passwords.hash(password),
            password_changed_at=now,
            default_project_id=project.id,
        )
        return repository.users.insert(db, user)

    def _ensure_catalog(self, db: Connection, url: str, region: str, catalog: Sequence[CatalogService]) -> bool:
        changed = False
        if repository.regions.find(db, region) is None:
            repository.regions.insert(db, Region(region))
            changed = True
        existing_services = repository.services.list_all(db)
        by_type = {service.type: service for service in existing_services}
        by_name = {(service.type, service.name): service for service in existing_services}
        endpoints = repository.list_region_endpoints(db, region)
        for entry in catalog:
            service = by_name.get((entry.type, entry.name)) or by_type.get(entry.type)
            if service is None:
                new = Service(entry.id or self.ids.hex(), entry.type, entry.name)
                service = repository.services.insert(db, new)
                changed = True
            existing = [endpoint for endpoint in endpoints if endpoint.service_id == service.id]
            changed = self._ensure_endpoints(db, service, url + entry.path, region, existing) or changed
        return changed

    def _ensure_endpoints(
        self, db: Connection, service: Service, url: str, region: str, existing: Iterable[Endpoint]
    ) -> bool:
        endpoints = {endpoint.interface: endpoint for endpoint in existing}
        changed = False
        for interface in _INTERFACES:
            endpoint = endpoints.get(interface)
            if endpoint is None:
                repository.endpoints.insert(db, Endpoint(self.ids.hex(), service.id, interface, url, region))
            elif endpoint.url != url:
                repository.endpoints.update(db, endpoint.id, url=url)
            else:
                continue
            changed = True
        return changed


def _ensure_assignment(db: Connection, role_name: str, user: User, target_kind: TargetKind, target_id: str) -> bool:
    """Assign a global role to a user. Return False if the role does not exist or is already assigned."""
    role = repository.find_by_name(db, repository.roles, role_name, "")
    if role is None:
        return False
    assignment = RoleAssignment(role.id, "user", user.id, target_kind, target_id)
    if repository.has_assignment(db, assignment):
        return False
    repository.create_assignment(db, assignment)
    return True
