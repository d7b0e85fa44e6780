"""Conntrack helpers of routers: modules that track connections on ports of protocols such as FTP."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.network.errors.router_services import (
    ConntrackHelperExists,
    ConntrackHelperNotAllowed,
    InvalidProtocolForHelper,
)
from stratiform.services.network.model import Attributes
from stratiform.services.network.model.declared_types.router_services import ALLOWED_HELPERS, CONNTRACK_HELPER
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.service.resource_collection import ResourceCollection
from stratiform.services.network.service.routers import Routers, enqueue_router


@dataclass(frozen=True, slots=True)
class ConntrackHelpers:
    """Conntrack helpers. They belong to the project of their router, which clouds apply with its helpers."""

    routers: Routers

    @property
    def collection(self) -> ResourceCollection:
        return self.routers.dependencies.build(
            CONNTRACK_HELPER,
            resolve_owner=lambda ctx, values, _project_id: self._get_router(ctx, values["router_id"]).project_id,
            prepare=self._prepare,
            after_create=self._request_reconcile,
            check_update=_check_update,
            after_update=lambda ctx, _helper, updated: self._request_reconcile(ctx, updated),
            before_delete=lambda ctx, helper: enqueue_router(ctx, helper["router_id"]),
            check_parent=self._get_router,
            build_duplicate_error=lambda _ctx, helper: ConntrackHelperExists(helper.values),
        )

    def _get_router(self, ctx: RequestContext, router_id: str) -> Resource:
        return self.routers.collection.get(ctx, router_id)

    def _prepare(self, ctx: RequestContext, helper: Resource) -> Resource:
        _check_helper(helper.values)
        self.routers.collection.rows.lock(ctx.db, helper["router_id"])
        return helper

    def _request_reconcile(self, ctx: RequestContext, helper: Resource) -> None:
        self.routers.request_reconcile(ctx, self._get_router(ctx, helper["router_id"]))


def _check_update(_ctx: RequestContext, helper: Resource, changes: Attributes) -> Attributes:
    _check_helper({**helper.values, **changes})
    return changes


def _check_helper(values: Attributes) -> None:
    """Raises: ConntrackHelperNotAllowed, InvalidProtocolForHelper."""
    helper, protocol = values["helper"], values["protocol"]
    supported: Sequence[str] | None = ALLOWED_HELPERS.get(helper)
    if supported is None:
        raise ConntrackHelperNotAllowed(helper)
    if protocol not in supported:
        raise InvalidProtocolForHelper(helper, protocol, supported)
