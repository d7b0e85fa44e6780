"""What every installation has from its first start: a domain, roles, an operator, the catalog. Keeps what is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import (
    DEFAULT_DOMAIN,
    WHOLE_SYSTEM,
    Assignment,
    Endpoint,
    Project,
    Region,
    Role,
    Service,
    TargetKind,
    User,
)
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.passwords import Passwords

#: Each implies the next, as `keystone-manage bootstrap` makes them.
_CHAIN = ("admin", "manager", "member", "reader")

#: Type, name and path of what the API answers to.
_SERVICES = (
    ("identity", "keystone", "/identity/v3"),
    ("compute", "nova", "/compute/v2.1"),
    ("network", "neutron", "/network"),
    ("volumev3", "cinderv3", "/volume/v3"),
    ("block-storage", "cinder", "/volume/v3"),
    ("image", "glance", "/image"),
    ("cloudmetrics", "almanach", "/almanach"),
)

#: Almanach's command line takes the service's name for its id, so this one's is.
_IDS = {"cloudmetrics": "almanach"}

_INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True)
class Start:
    """Makes what is missing; asking twice is asking once."""

    ids: Ids
    memory: Memory
    passwords: Passwords

    def bootstrap(self, db: Connection, now: Micros, *, url: str, region: str, admin_password: str) -> None:
        """Endpoints that had another URL get the one of `url`; the password of an existing admin stays."""
        changed = [
            self._domain(db),
            self._roles(db),
            self._operator(db, now, admin_password),
            self._catalog(db, url.rstrip("/"), region),
        ]
        if any(changed):
            self.memory.changed(db, now)

    def demo(self, ctx: RequestContext, password: str) -> Project:
        """A project and a user, both called demo; the user is a member there."""
        project = repository.named(ctx.db, repository.projects, "demo", DEFAULT_DOMAIN)
        if project is None:
            project = self._project(ctx.db, "demo", "A project to try things in.")
        user = self._user(ctx.db, ctx.now, "demo", password, project)
        if self._assign(ctx.db, "member", user, "project", project.id):
            self.memory.changed(ctx.db, ctx.now)
        return project

    def is_done(self, db: Connection) -> bool:
        return repository.projects.get(db, DEFAULT_DOMAIN) is not None

    def _domain(self, db: Connection) -> bool:
        if self.is_done(db):
            return False
        default = Project(DEFAULT_DOMAIN, "Default", "", is_domain=True, description="The default domain")
        repository.projects.insert(db, default)
        return True

    def _roles(self, db: Connection) -> bool:
        there = {role.name: role for role in repository.roles.all(db, t.roles.c.domain_id == "")}
        missing = [name for name in (*_CHAIN, "service") if name not in there]
        for name in missing:
            there[name] = repository.roles.insert(db, Role(self.ids.hex(), name))
        if missing:
            for prior, implied in pairwise(_CHAIN):
                repository.imply(db, there[prior].id, there[implied].id)
        return bool(missing)

    def _operator(self, db: Connection, now: Micros, password: str) -> bool:
        project = repository.named(db, repository.projects, "admin", DEFAULT_DOMAIN)
        if project is None:
            project = self._project(db, "admin", "The operator's own project.")
        user = self._user(db, now, "admin", password, project)
        on_project = self._assign(db, "admin", user, "project", project.id)
        return self._assign(db, "admin", user, "system", WHOLE_SYSTEM) or on_project

    def _project(self, db: Connection, name: str, description: str) -> Project:
        made = Project(self.ids.hex(), name, DEFAULT_DOMAIN, parent_id=DEFAULT_DOMAIN, description=description)
        return repository.projects.insert(db, made)

    def _user(self, db: Connection, now: Micros, name: str, password: str, project: Project) -> User:
        user = repository.named(db, repository.users, name, DEFAULT_DOMAIN)
        if user is not None:
            return user
        sealed = self.passwords.seal(password)
        made = User(
            self.ids.hex(), name, DEFAULT_DOMAIN, sealed, password_changed_at=now, default_project_id=project.id
        )
        return repository.users.insert(db, made)

    def _assign(self, db: Connection, role_name: str, user: User, kind: TargetKind, target_id: str) -> bool:
        role = repository.named(db, repository.roles, role_name, "")
        if role is None:
            return False
        wanted = Assignment(role.id, "user", user.id, kind, target_id)
        if repository.is_assigned(db, wanted):
            return False
        repository.assign(db, wanted)
        return True

    def _catalog(self, db: Connection, url: str, region: str) -> bool:
        changed = False
        if repository.regions.get(db, region) is None:
            repository.regions.insert(db, Region(region))
            changed = True
        services = {service.type: service for service in repository.services.all(db)}
        endpoints = repository.endpoints.all(db, t.endpoints.c.region_id == region)
        for kind, name, path in _SERVICES:
            service = services.get(kind)
            if service is None:
                service = repository.services.insert(db, Service(_IDS.get(kind) or self.ids.hex(), kind, name))
                changed = True
            there = [endpoint for endpoint in endpoints if endpoint.service_id == service.id]
            changed = self._endpoints(db, service, url + path, region, there) or changed
        return changed

    def _endpoints(self, db: Connection, service: Service, url: str, region: str, there: Iterable[Endpoint]) -> bool:
        by_interface = {endpoint.interface: endpoint for endpoint in there}
        changed = False
        for interface in _INTERFACES:
            old = by_interface.get(interface)
            if old is None:
                repository.endpoints.insert(db, Endpoint(self.ids.hex(), service.id, interface, url, region))
            elif old.url != url:
                repository.endpoints.change(db, old.id, url=url)
            else:
                continue
            changed = True
        return changed
