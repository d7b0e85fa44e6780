"""Roles of users and groups on projects, on domains, on the system, and inherited below those."""

from typing import Any

from stratiform.interfaces.openstack.identity import views
from stratiform.interfaces.services import Request, delete, get, head, put, reading, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.services.identity.model import SYSTEM_TARGET, ActorKind, Assignment, AssignmentFilter, TargetKind

Body = dict[str, Any]


@get("/role_assignments", operation_id="listRoleAssignments")
def list_assignments(request: Request) -> Body:
    wanted = _wanted(request)
    with reading(request) as ctx:
        assignments = services_of(request).identity.assignments
        found = assignments.list(ctx, wanted)
        names = assignments.load_resources(ctx.db, found) if views.flag(request, "include_names") else None
    return views.collection(request, "role_assignments", found, lambda here, each: views.assignment(here, each, names))


def _wanted(request: Request) -> AssignmentFilter:
    params = request.query_params
    kind: TargetKind | None = None
    target_id = ""
    for name, this in (("project", "project"), ("domain", "domain")):
        if f"scope.{name}.id" in params:
            if kind is not None:
                raise Invalid("Specify a domain or project, not both")
            kind, target_id = ("project" if this == "project" else "domain"), params[f"scope.{name}.id"]
    if "scope.system" in params:
        kind, target_id = "system", SYSTEM_TARGET
    if "user.id" in params and "group.id" in params:
        raise Invalid("Specify a user or group, not both")
    return AssignmentFilter(
        user_id=params.get("user.id", ""),
        group_id=params.get("group.id", ""),
        role_id=params.get("role.id", ""),
        target_kind=kind,
        target_id=target_id,
        inherited=True if "scope.OS-INHERIT:inherited_to" in params else None,
        effective=views.flag(request, "effective"),
        include_subtree=views.flag(request, "include_subtree"),
    )


def _grants(
    prefix: str, target: TargetKind, actor: ActorKind, *, suffix: str = "", inherited: bool = False
) -> list[Any]:
    """The five routes of one kind of assignment."""
    place = "" if target == "system" else "/{target_id:str}"
    listed = f"{prefix}{place}/{actor}s/{{actor_id:str}}/roles"
    single = f"{listed}/{{role_id:str}}{suffix}"
    name = f"{'Inherited' if inherited else ''}{target.title()}{actor.title()}Role"

    def named(request: Request) -> Assignment:
        ids = request.path_params
        target_id = ids.get("target_id", SYSTEM_TARGET)
        return Assignment(ids.get("role_id", ""), actor, ids["actor_id"], target, target_id, inherited)

    def list_roles(request: Request) -> Body:
        with reading(request) as ctx:
            found = services_of(request).identity.assignments.list_granted_roles(ctx, named(request))
        return views.collection(request, "roles", found, views.role)

    def grant(request: Request) -> None:
        with writing(request) as ctx:
            services_of(request).identity.assignments.grant(ctx, named(request))

    def check(request: Request) -> None:
        with reading(request) as ctx:
            services_of(request).identity.assignments.check(ctx, named(request))

    def revoke(request: Request) -> None:
        with writing(request) as ctx:
            services_of(request).identity.assignments.revoke(ctx, named(request))

    return [
        get(listed + suffix, operation_id=f"list{name}s")(list_roles),
        put(single, status_code=204, operation_id=f"grant{name}")(grant),
        get(single, status_code=204, operation_id=f"show{name}")(check),
        head(single, status_code=204, operation_id=f"check{name}")(check),
        delete(single, operation_id=f"revoke{name}")(revoke),
    ]


_ACTORS: tuple[ActorKind, ...] = ("user", "group")
_PLACES: tuple[TargetKind, ...] = ("project", "domain")
_INHERITED = "/inherited_to_projects"

handlers: list[Any] = [list_assignments]
for _actor in _ACTORS:
    handlers += _grants("/system", "system", _actor)
    for _place in _PLACES:
        handlers += _grants(f"/{_place}s", _place, _actor)
        handlers += _grants(f"/OS-INHERIT/{_place}s", _place, _actor, suffix=_INHERITED, inherited=True)
