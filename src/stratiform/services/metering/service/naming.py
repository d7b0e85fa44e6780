"""Names that nobody knows: told, so that a misspelt one isn't taken for "nothing was used"."""

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.model import ListQuery
from stratiform.services.identity.service import IdentityService
from stratiform.services.metering.model import Filter
from stratiform.services.metering.policy import policy
from stratiform.services.metering.repository import names
from stratiform.services.metering.service.reading import Reading

#: What OpenStack gives to projects. One that nobody has heard of is a project that used nothing.
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_MOST_TOLD = 8


class Naming(Reading):
    """Verbs on names."""

    __slots__ = ()

    def check_names(
        self,
        ctx: RequestContext,
        wanted: Filter,
        meters: Iterable[str],
        clouds: CloudsService,
        identity: IdentityService,
    ) -> None:
        """Raises Invalid where a cloud, a type of resources or a meter is known neither here nor to the ledger, and
        NotFound for such a project; with the names that are near. Only for whoever may see all projects: others would
        learn from it what there is."""
        if not policy.rules["usage:segments:list_all"](ctx.caller, None):
            return
        if wanted.cloud is not None:
            self._check_cloud(ctx, wanted.cloud, clouds)
        if wanted.resource_type is not None:
            self._check_resource_type(ctx, wanted.resource_type)
        for meter in meters:
            self._check_meter(ctx, meter)
        if wanted.project_id is not None:
            _check_project(ctx, wanted.project_id, identity)

    def _check_cloud(self, ctx: RequestContext, name: str, clouds: CloudsService) -> None:
        connected = {cloud.name for cloud in clouds.accounts.list_all(ctx.db)}
        if name not in connected and not names.has_cloud(ctx.db, name):
            known = connected.union(names.clouds(ctx.db))
            raise Invalid(f"neither connected nor in the ledger: cloud '{name}'", hint=near_to(name, known))

    def _check_resource_type(self, ctx: RequestContext, name: str) -> None:
        if name not in self.reader.meters and not names.has_resource_type(ctx.db, name):
            known = {*self.reader.meters, *names.resource_types(ctx.db)}
            raise Invalid(f"neither metered nor in the ledger: resource type '{name}'", hint=near_to(name, known))

    def _check_meter(self, ctx: RequestContext, name: str) -> None:
        metered = {sample for meter in self.reader.meters.values() for sample in meter.samples}
        if name not in metered and not names.has_meter(ctx.db, name):
            known = metered.union(names.meters(ctx.db))
            raise Invalid(f"in no meter file and not in the ledger: samples of '{name}'", hint=near_to(name, known))


def _check_project(ctx: RequestContext, project_id: str, identity: IdentityService) -> None:
    if _ID.fullmatch(project_id) or names.has_project(ctx.db, project_id):
        return
    projects = identity.projects.list(ctx, ListQuery()).items
    if any(project.id == project_id for project in projects):
        return
    named = [project.id for project in projects if project.name == project_id]
    if named:
        hint = f"'{project_id}' is a name: ask by the id, {_listed(named)}"
    else:
        near = set(get_close_matches(project_id, [project.name for project in projects], _MOST_TOLD))
        told = [f"{project.name} has the id {project.id}" for project in projects if project.name in near]
        hint = _listed(told) or "`openstack project list` has the ids"
    raise NotFound(f"no project {project_id}", hint=hint)


def near_to(name: str, known: Collection[str]) -> str:
    """What is known, the nearest first."""
    near = get_close_matches(name, known, _MOST_TOLD)
    rest = sorted(set(known).difference(near))
    if not known:
        return "none is known yet"
    return f"known: {_listed([*near, *rest])}"


def _listed(told: Sequence[str]) -> str:
    return ", ".join(told[:_MOST_TOLD]) + (", …" if len(told) > _MOST_TOLD else "")
