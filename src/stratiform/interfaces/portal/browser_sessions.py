"""Browser sessions: a Keystone token in a cookie that scripts and other sites cannot read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from litestar.datastructures import Cookie

from stratiform.interfaces.http import Request, get_services, read_transaction
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, Invalid, Unauthenticated
from stratiform.kit.policy import Caller
from stratiform.services.identity.errors import TokenNotFound
from stratiform.services.identity.model import (
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    Project,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
)

COOKIE_NAME = "stratiform_session"


class NoProject(Unauthenticated):
    """The user has no role in any project."""

    def __init__(self) -> None:
        super().__init__("This user has no project.")


@contextmanager
def open_session_context(request: Request, *, prepares: bool = True) -> Iterator[RequestContext]:
    """Open a read transaction for the user and the project of the session. `prepares`: as in `read_transaction`.

    Raises Unauthenticated, Unavailable.
    """
    with read_transaction(request, token=request.cookies.get(COOKIE_NAME) or "-", prepares=prepares) as ctx:
        if ctx.caller.project_id is None:
            raise Unauthenticated("The session is not scoped to a project.")
        yield ctx


def sign_in_with_password(services: Services, user: str, password: str, domain: str) -> str:
    """Return a token for the first project of a user of this installation, or of its Keystone.

    Raises Unauthenticated, NoProject, Unavailable.
    """
    keystone = services.identity.keystone
    if keystone is None or keystone.has_local_user(services.database, user, domain):
        return _sign_in(services, user, password, domain)
    token = keystone.sign_in(user, password, domain)
    if token is None:
        raise NoProject
    return token


def _sign_in(services: Services, user: str, password: str, domain: str) -> str:
    named = ResourceRef(name=user, domain_name=domain)
    unscoped = _issue_token(services, PasswordAuth(named, password), ScopeRequest("unscoped"))
    with services.database.read_transaction() as db:
        now = services.clock.now()
        ctx = RequestContext(db, services.identity.authenticate(db, unscoped, now), now)
        projects = sorted(
            services.identity.projects.list_available(ctx), key=lambda project: (project.name == "admin", project.name)
        )
    if not projects:
        raise NoProject
    return scope_to_project(services, unscoped, projects[0].id)


def scope_to_project(services: Services, token: str, project_id: str) -> str:
    """Exchange a token for one of another project. Raises Unauthenticated, Unavailable."""
    keystone = services.identity.keystone
    if keystone is not None and not keystone.is_own(token):
        return keystone.scope_to_project(token, project_id)
    return _issue_token(services, TokenAuth(token), ScopeRequest("project", ResourceRef(id=project_id)))


def _issue_token(services: Services, method: AuthMethod, scope: ScopeRequest) -> str:
    authentication = services.identity.authentication
    try:
        return authentication.sign_in(services.database, services.clock, AuthRequest((method,), scope))[0]
    except TokenNotFound as error:
        raise Unauthenticated("The session has expired.") from error


def list_projects(request: Request, ctx: RequestContext) -> Sequence[Project]:
    """Return the projects to which the user of the session can switch."""
    services, token_id = get_services(request), request.cookies.get(COOKIE_NAME, "")
    keystone = services.identity.keystone
    token = keystone.find(token_id, ctx.now) if keystone is not None else None
    if keystone is None or token is None:
        return services.identity.projects.list_available(ctx)
    return keystone.list_projects(token_id, token)


def revoke(services: Services, caller: Caller, token: str) -> None:
    """Revoke all tokens of the session, also of projects that the user has left. Raises Unavailable."""
    keystone = services.identity.keystone
    if keystone is not None and not keystone.is_own(token):
        keystone.revoke(token)
        return
    with services.database.transaction() as db:
        services.identity.tokens.revoke(RequestContext(db, caller, services.clock.now()), token, chain=True)


def build_cookie(request: Request, token: str) -> Cookie:
    """Return the cookie of a session; an empty token deletes it."""
    return Cookie(
        key=COOKIE_NAME,
        value=token,
        path="/dashboard",
        httponly=True,
        samesite="strict",
        secure=get_services(request).url.startswith("https:"),
        max_age=None if token else 0,
    )


def parse_form(request: Request, body: bytes) -> dict[str, str]:
    """Return the fields of a form. Raises Forbidden for a form of another site, Invalid for a malformed one."""
    origin = request.headers.get("origin")
    own_hosts = (request.headers.get("host"), urlsplit(get_services(request).url).netloc)  # a proxy may replace Host
    if origin and urlsplit(origin).netloc not in own_hosts:
        raise Forbidden("The form was submitted from another site.")
    try:
        return {key: values[-1] for key, values in parse_qs(body.decode(), max_num_fields=20).items()}
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("The form is malformed.") from error
