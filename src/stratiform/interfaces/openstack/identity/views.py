"""Answers of the Identity API, in the form of its reference."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from stratiform.interfaces.services import Request, services_of
from stratiform.kit.clock import SECOND_US, Micros, iso, iso_naive
from stratiform.kit.pagination import Page, Slice
from stratiform.services.identity.model import (
    ApplicationCredential,
    AssignmentResources,
    CatalogEntry,
    EffectiveAssignment,
    Endpoint,
    Group,
    ListQuery,
    Project,
    Region,
    Role,
    Service,
    Token,
    User,
)

Body = dict[str, Any]
T = TypeVar("T")

_MATCHES = ("contains", "startswith", "endswith")


def base(request: Request) -> str:
    return f"{services_of(request).url}/identity/v3"


def query_of(request: Request, *names: str) -> ListQuery:
    """The filters of a list: those of `names` that were given, texts in names, paging."""
    params = request.query_params
    equal: dict[str, str | bool] = {}
    for name in names:
        if name in params:
            equal[name] = truth(params[name]) if name in ("enabled", "is_domain") else params[name]
    matches = tuple((how, params[f"name__{how}"]) for how in _MATCHES if f"name__{how}" in params)
    asked = params.get("limit"), params.get("marker")
    return ListQuery(equal, matches, Page.parse(*asked) if any(asked) else None)


def truth(text: str) -> bool:
    """As Keystone reads a flag in a query: there is true, unless it says no."""
    return text.lower() not in ("0", "false", "no", "off")


def flag(request: Request, name: str) -> bool:
    return name in request.query_params and truth(request.query_params[name])


def collection(request: Request, name: str, found: Slice[T] | Sequence[T], view: Callable[[str, T], Body]) -> Body:
    """A list with its links; `next` names the last item as the marker."""
    items = found.items if isinstance(found, Slice) else found
    here = base(request)
    shown = [view(here, item) for item in items]
    query = request.url.query
    path = services_of(request).url + request.url.path
    links = {"next": None, "self": f"{path}?{query}" if query else path, "previous": None}
    answer: Body = {name: shown, "links": links}
    if isinstance(found, Slice) and found.more:
        kept = [(key, value) for key, value in parse_qsl(query) if key != "marker"]
        links["next"] = f"{path}?{urlencode([*kept, ('marker', shown[-1]['id'])])}"
        answer["truncated"] = True
    return answer


def project(here: str, it: Project) -> Body:
    if it.is_domain:
        return domain(here, it, place="projects") | {"is_domain": True, "domain_id": None, "parent_id": None}
    return it.extra | {
        "id": it.id,
        "name": it.name,
        "domain_id": it.domain_id,
        "description": it.description,
        "enabled": it.enabled,
        "parent_id": it.parent_id,
        "is_domain": False,
        "tags": it.tags,
        "options": it.options,
        "links": {"self": f"{here}/projects/{it.id}"},
    }


def domain(here: str, it: Project, place: str = "domains") -> Body:
    return it.extra | {
        "id": it.id,
        "name": it.name,
        "description": it.description,
        "enabled": it.enabled,
        "tags": it.tags,
        "options": it.options,
        "links": {"self": f"{here}/{place}/{it.id}"},
    }


def user(here: str, it: User) -> Body:
    shown = it.extra | {
        "id": it.id,
        "name": it.name,
        "domain_id": it.domain_id,
        "enabled": it.enabled,
        "password_expires_at": None,
        "options": it.options,
        "links": {"self": f"{here}/users/{it.id}"},
    }
    if it.default_project_id:
        shown["default_project_id"] = it.default_project_id
    return shown


def group(here: str, it: Group) -> Body:
    return it.extra | {
        "id": it.id,
        "name": it.name,
        "domain_id": it.domain_id,
        "description": it.description,
        "links": {"self": f"{here}/groups/{it.id}"},
    }


def role(here: str, it: Role) -> Body:
    return it.extra | {
        "id": it.id,
        "name": it.name,
        "domain_id": it.domain_id or None,
        "description": it.description,
        "options": it.options,
        "links": {"self": f"{here}/roles/{it.id}"},
    }


def service(here: str, it: Service) -> Body:
    shown = it.extra | {
        "id": it.id,
        "type": it.type,
        "enabled": it.enabled,
        "name": it.name,
        "links": {"self": f"{here}/services/{it.id}"},
    }
    if it.description is not None:
        shown["description"] = it.description
    return shown


def endpoint(here: str, it: Endpoint) -> Body:
    return it.extra | {
        "id": it.id,
        "interface": it.interface,
        "region_id": it.region_id,
        "region": it.region_id,
        "service_id": it.service_id,
        "url": it.url,
        "enabled": it.enabled,
        "links": {"self": f"{here}/endpoints/{it.id}"},
    }


def region(here: str, it: Region) -> Body:
    return it.extra | {
        "id": it.id,
        "description": it.description,
        "parent_region_id": it.parent_region_id,
        "links": {"self": f"{here}/regions/{it.id}"},
    }


def credential(here: str, it: ApplicationCredential, roles: Iterable[Role]) -> Body:
    return {
        "id": it.id,
        "name": it.name,
        "description": it.description,
        "user_id": it.user_id,
        "project_id": it.project_id,
        "system": None,
        "expires_at": iso_naive(it.expires_at) if it.expires_at is not None else None,
        "unrestricted": it.unrestricted,
        "roles": [{"id": each.id, "name": each.name, "domain_id": each.domain_id or None} for each in roles],
        "links": {"self": f"{here}/users/{it.user_id}/application_credentials/{it.id}"},
    }


def catalog(entries: Iterable[CatalogEntry]) -> list[Body]:
    return [
        {
            "endpoints": [
                {
                    "id": each.id,
                    "interface": each.interface,
                    "region_id": each.region_id,
                    "url": each.url,
                    "region": each.region_id,
                }
                for each in entry.endpoints
            ],
            "id": entry.service.id,
            "type": entry.service.type,
            "name": entry.service.name,
        }
        for entry in entries
    ]


def token(it: Token, entries: Iterable[CatalogEntry] | None) -> Body:
    """`entries` None: the answer has no catalog."""
    shown: Body = {
        "methods": list(it.claims.methods),
        "user": {
            "domain": _short(it.user_domain),
            "id": it.user.id,
            "name": it.user.name,
            "password_expires_at": None,
        },
        "audit_ids": list(it.claims.audit_ids),
        "expires_at": _second(it.claims.expires_at),
        "issued_at": _second(it.claims.issued_at),
    }
    if it.project is not None and it.project_domain is not None:
        shown["project"] = {"domain": _short(it.project_domain)} | _short(it.project)
        shown["is_domain"] = it.project.is_domain
    if it.domain is not None:
        shown["domain"] = _short(it.domain)
    if it.claims.scope.type == "system":
        shown["system"] = {"all": True}
    if it.claims.scope.type != "unscoped":
        shown["roles"] = [{"id": each.id, "name": each.name} for each in it.roles]
        if entries is not None:
            shown["catalog"] = catalog(entries)
    if it.application_credential is not None:
        restricted = not it.application_credential.unrestricted
        shown["application_credential"] = {
            "id": it.application_credential.id,
            "name": it.application_credential.name,
            "restricted": restricted,
        }
    return {"token": shown}


def _short(it: Project) -> Body:
    return {"id": it.id, "name": it.name}


def _second(at: Micros) -> str:
    """Keystone's tokens know whole seconds, and print six zeros after them."""
    return iso(at // SECOND_US * SECOND_US)


def implication(here: str, prior: Role, implied: Sequence[Role]) -> Body:
    return {"prior_role": _role_link(here, prior), "implies": [_role_link(here, each) for each in implied]}


def _role_link(here: str, it: Role) -> Body:
    return {"id": it.id, "name": it.name, "links": {"self": f"{here}/roles/{it.id}"}}


def assignment(here: str, it: EffectiveAssignment, names: AssignmentResources | None) -> Body:
    """One entry of `/role_assignments`; with names where `names` holds them."""
    found = it.assignment
    known = names or AssignmentResources()
    actors: dict[str, Any] = {**known.users, **known.groups}
    shown: Body = {
        "role": _named(found.role_id, known.roles, names),
        found.actor_kind: _named(found.actor_id, actors, names),
        "scope": _scope(it, names),
        "links": {"assignment": here + _path(it)},
    }
    if it.source.actor_kind == "group" and found.actor_kind == "user":
        shown["links"]["membership"] = f"{here}/groups/{it.source.actor_id}/users/{found.actor_id}"
    if it.prior_role_id:
        shown["links"]["prior_role"] = f"{here}/roles/{it.prior_role_id}/implies/{found.role_id}"
    return shown


def _named(key: str, records: dict[str, Any], names: AssignmentResources | None) -> Body:
    record = records.get(key)
    if record is None or names is None:
        return {"id": key}
    shown: Body = {"id": key, "name": record.name}
    if record.domain_id:
        place = names.projects.get(record.domain_id)
        shown["domain"] = {"id": record.domain_id, "name": place.name if place else ""}
    return shown


def _scope(it: EffectiveAssignment, names: AssignmentResources | None) -> Body:
    found = it.assignment
    if found.target_kind == "system":
        return {"system": {"all": True}}
    shown: Body = {found.target_kind: _named(found.target_id, names.projects if names else {}, names)}
    if found.inherited:
        shown["OS-INHERIT:inherited_to"] = "projects"
    return shown


def _path(it: EffectiveAssignment) -> str:
    """Where the assignment that it comes from can be revoked."""
    made = it.source
    actor = f"{made.actor_kind}s/{made.actor_id}"
    if made.target_kind == "system":
        return f"/system/{actor}/roles/{made.role_id}"
    place = f"/{made.target_kind}s/{made.target_id}/{actor}/roles/{made.role_id}"
    return f"/OS-INHERIT{place}/inherited_to_projects" if made.inherited else place


def tag_names(text: str | None) -> frozenset[str]:
    return frozenset(part for part in (text or "").split(",") if part)
