"""The verbs of identity, by what they are about."""

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import NewProject, Project
from stratiform.services.identity.service.assignments import Assignments
from stratiform.services.identity.service.catalog import Catalog
from stratiform.services.identity.service.credentials import Credentials
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.passwords import Passwords
from stratiform.services.identity.service.projects import Domains, Projects
from stratiform.services.identity.service.roles import Roles
from stratiform.services.identity.service.signins import SignIns
from stratiform.services.identity.service.start import Start
from stratiform.services.identity.service.tokens import Tokens
from stratiform.services.identity.service.users import Groups, Users

#: Keystone's default `[token] expiration`, in seconds.
TOKEN_TTL_S = 3600


class IdentityService:
    """One attribute for each kind of thing, and what other services need of it by its own name.

    `ttl_s` is how long a token lives, in seconds.
    """

    def __init__(self, ids: Ids, keys: Keys, bcrypt_rounds: int, ttl_s: int = TOKEN_TTL_S) -> None:
        memory, passwords = Memory(ids), Passwords(bcrypt_rounds)
        self.passwords = passwords
        self.projects = Projects(ids, memory)
        self.domains = Domains(ids, memory)
        self.users = Users(ids, memory, passwords)
        self.groups = Groups(ids, memory)
        self.roles = Roles(ids, memory)
        self.assignments = Assignments(memory)
        self.catalog = Catalog(ids, memory)
        self.credentials = Credentials(ids, memory)
        self.tokens = Tokens(keys, memory)
        self.sign_ins = SignIns(ids, keys, memory, passwords, self.tokens, ttl_s)
        self._start = Start(ids, memory, passwords)

    def caller(self, db: Connection, token: str, now: Micros) -> Caller:
        """Whoever the token names, with roles closed under implication. Raises Unauthenticated."""
        return self.tokens.caller(db, token, now)

    def bootstrap(self, db: Connection, now: Micros, *, url: str, region: str, admin_password: str) -> None:
        """Make what every installation has, keep what exists; endpoints follow `url`."""
        self._start.bootstrap(db, now, url=url, region=region, admin_password=admin_password)

    def is_furnished(self, db: Connection) -> bool:
        """Whether `bootstrap` was done once."""
        return self._start.is_done(db)

    def ensure_demo(self, ctx: RequestContext, password: str) -> Project:
        """The project "demo", whose member is the user "demo"."""
        return self._start.demo(ctx, password)

    def create_project(self, ctx: RequestContext, new: NewProject) -> Project:
        return self.projects.create(ctx, new)

    def project(self, ctx: RequestContext, project_id: str) -> Project:
        """Raises NotFound where there is none, or not for this caller."""
        return self.projects.get(ctx, project_id)

    def project_name(self, db: Connection, project_id: str) -> str:
        """Raises NotFound."""
        return self.projects.found(db, project_id).name
