"""Checks of names in filters, so that a misspelled name is not reported as "no usage"."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.model import ListQuery
from stratiform.services.identity.service import IdentityService
from stratiform.services.ledger import policy
from stratiform.services.ledger.model import MeterCatalog, UsageFilter
from stratiform.services.ledger.model.name_timelines import PROJECT_TYPE
from stratiform.services.ledger.repository import known_names
from stratiform.services.ledger.service.name_timelines import NameTimelines

#: The form of project ids. An unknown id of this form is a project without usage.
_PROJECT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_MAX_SUGGESTIONS = 8

#: This installation's projects, and those that messages of clouds name.
_PROJECT_LISTS = "see the IDs in `openstack project list` or `stratiform usage names list --resource-type project`"


@dataclass(frozen=True, slots=True)
class FilterNameChecks:
    """Checks names of clouds, resource types, meters and projects."""

    catalog: MeterCatalog
    clouds: CloudsService
    identity: IdentityService
    name_timelines: NameTimelines

    def check_filter(self, ctx: RequestContext, usage_filter: UsageFilter, meters: Iterable[str] = ()) -> None:
        """Check every name in a filter if the caller may read all projects; others would learn which names exist.

        Raises Invalid for an unknown cloud, resource type or meter, and NotFound for an unknown project.
        """
        if not policy.SEGMENTS_LIST_ALL.allows(ctx.caller, None):
            return
        if usage_filter.cloud is not None:
            self.check_cloud(ctx.db, usage_filter.cloud)
        if usage_filter.resource_type is not None:
            self._check_resource_type(ctx.db, usage_filter.resource_type)
        for meter in meters:
            self._check_meter(ctx.db, meter)
        if usage_filter.project_id is not None:
            self._check_project(ctx, usage_filter.project_id)

    def check_cloud(self, db: Connection, name: str) -> None:
        """Raises Invalid if no cloud of this name is connected or in the ledger."""
        connected = {cloud.name for cloud in self.clouds.accounts.list_all(db)}
        if name not in connected and not known_names.has_cloud(db, name):
            candidates = connected.union(known_names.list_clouds(db))
            raise Invalid(f"Cloud '{name}' is neither connected nor in the ledger.", hint=_suggest(name, candidates))

    def _check_resource_type(self, db: Connection, name: str) -> None:
        if name not in self.catalog and not known_names.has_resource_type(db, name):
            candidates = {*self.catalog.resource_types, *known_names.list_resource_types(db)}
            message = f"Resource type '{name}' is neither metered nor in the ledger."
            raise Invalid(message, hint=_suggest(name, candidates))

    def _check_meter(self, db: Connection, name: str) -> None:
        defined = {meter for resource_type in self.catalog for meter in resource_type.meters}
        if name not in defined and not known_names.has_meter(db, name):
            candidates = defined.union(known_names.list_meters(db))
            message = f"Meter '{name}' is neither in a meter file nor in the ledger."
            raise Invalid(message, hint=_suggest(name, candidates))

    def _check_project(self, ctx: RequestContext, project_id: str) -> None:
        if _PROJECT_ID.fullmatch(project_id) or known_names.has_project(ctx.db, project_id):
            return
        names = self._list_project_names(ctx)
        if project_id in names:
            return
        namesakes = sorted(each for each, name in names.items() if name == project_id)
        if namesakes:
            hint = f"'{project_id}' is a name; use the ID: {_join(namesakes)}"
        else:
            similar = set(get_close_matches(project_id, {*names.values()}, _MAX_SUGGESTIONS))
            suggestions = [f"{name} has the ID {each}" for each, name in names.items() if name in similar]
            hint = _join(suggestions) or _PROJECT_LISTS
        raise NotFound(f"Project {project_id} could not be found.", hint=hint)

    def _list_project_names(self, ctx: RequestContext) -> Mapping[str, str]:
        """Return the present names by id: of this installation's projects, and of those that messages name."""
        timelines = self.name_timelines.list(ctx, (PROJECT_TYPE,))
        from_messages = {resource.resource_id: timeline.names[-1][1] for resource, timeline in timelines}
        own = {project.id: project.name for project in self.identity.projects.list(ctx, ListQuery()).items}
        return from_messages | own


def _suggest(name: str, candidates: Collection[str]) -> str:
    """Return a hint with the names that can be used, the most similar first."""
    similar = get_close_matches(name, candidates, _MAX_SUGGESTIONS)
    others = sorted(set(candidates).difference(similar))
    return f"known: {_join([*similar, *others])}" if candidates else "there are none yet"


def _join(items: Sequence[str]) -> str:
    return ", ".join(items[:_MAX_SUGGESTIONS]) + (", …" if len(items) > _MAX_SUGGESTIONS else "")
