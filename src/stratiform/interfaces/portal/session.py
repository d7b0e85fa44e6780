"""Signing in with a browser: a token of identity in a cookie that no script and no other site can use."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from litestar.datastructures import Cookie

from stratiform.interfaces.services import Request, Services, reading, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, Unauthenticated
from stratiform.services.identity.model import (
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
)

NAME = "stratiform_session"


@contextmanager
def signed_in(request: Request) -> Iterator[RequestContext]:
    """A call of whoever the cookie names, in their project. Raises Unauthenticated."""
    with reading(request, token=request.cookies.get(NAME) or "-") as ctx:
        if ctx.caller.project_id is None:
            raise Unauthenticated("The session has no project.")
        yield ctx


def with_password(services: Services, user: str, password: str, domain: str) -> str:
    """A token for the user's first project. Raises Unauthenticated, also where there is no project."""
    named = ResourceRef(name=user, domain_name=domain)
    unscoped = _issue(services, PasswordAuth(named, password), ScopeRequest("unscoped"))
    with services.database.snapshot() as db:
        now = services.clock.now()
        ctx = RequestContext(db, services.identity.authenticate(db, unscoped, now), now)
        projects = sorted(
            services.identity.projects.list_available(ctx), key=lambda project: (project.name == "admin", project.name)
        )
    if not projects:
        raise Unauthenticated("This user has no project.")
    return in_project(services, unscoped, projects[0].id)


def in_project(services: Services, token: str, project_id: str) -> str:
    """A token for `project_id`, got by `token`. Raises Unauthenticated."""
    return _issue(services, TokenAuth(token), ScopeRequest("project", ResourceRef(id=project_id)))


def _issue(services: Services, proof: AuthMethod, scope: ScopeRequest) -> str:
    """As `POST /auth/tokens`: hashing a password takes long, so no transaction is open meanwhile."""
    asked = AuthRequest((proof,), scope)
    with services.database.snapshot() as db:
        found = services.identity.authentication.resolve(db, asked, services.clock.now())
    services.identity.authentication.verify(found)
    with services.database.transaction() as db:
        return services.identity.authentication.issue(db, asked, found, services.clock.now())[0]


def cookie(request: Request, token: str) -> Cookie:
    """The session; an empty token ends it."""
    return Cookie(
        key=NAME,
        value=token,
        path="/dashboard",
        httponly=True,
        samesite="strict",
        secure=services_of(request).url.startswith("https:"),
        max_age=None if token else 0,
    )


def form(request: Request, body: bytes) -> dict[str, str]:
    """The fields of a form. Raises Forbidden where another site sent it, or it isn't text."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("This form came from another site.")
    try:
        return {key: values[-1] for key, values in parse_qs(body.decode(), max_num_fields=20).items()}
    except (UnicodeDecodeError, ValueError) as error:
        raise Forbidden("This form can't be read.") from error
