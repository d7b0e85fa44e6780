"""Reports of changes to other programs."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.notifier import Notifier
from stratiform.services.identity import events, repository
from stratiform.services.identity.model import RoleAssignment


@dataclass(frozen=True, slots=True)
class Notifications:
    """Appends Keystone's notification of a change in its transaction, if notifications are published."""

    notifier: Notifier

    def report(self, ctx: RequestContext, resource_type: str, operation: events.Operation, resource_id: str) -> None:
        """Report the change of a resource of one of the types in `events`."""
        if self.notifier.is_enabled:
            payload = events.build_resource_payload(
                ctx, self.notifier.ids.uuid(), _get_observer_id(ctx), resource_type, operation, resource_id
            )
            self.notifier.append(ctx.db, f"identity.{resource_type}.{operation}", payload, ctx.now)

    def report_assignment(self, ctx: RequestContext, operation: events.Operation, assignment: RoleAssignment) -> None:
        """Report a role assignment. As in Keystone, those on the system are not reported."""
        if self.notifier.is_enabled and assignment.target_kind != "system":
            payload = events.build_assignment_payload(
                ctx, self.notifier.ids.uuid(), _get_observer_id(ctx), operation, assignment
            )
            self.notifier.append(ctx.db, f"identity.role_assignment.{operation}", payload, ctx.now)

    def report_domain_deletion(self, ctx: RequestContext, domain_id: str) -> None:
        """Report the deletion of a domain, and before it that of everything in the domain, which still exists."""
        if not self.notifier.is_enabled:
            return
        for resource_type, resource_id in repository.list_domain_contents(ctx.db, domain_id):
            self.report(ctx, resource_type, "deleted", resource_id)
        self.report(ctx, "project", "deleted", domain_id)
        self.report(ctx, "domain", "deleted", domain_id)


def _get_observer_id(ctx: RequestContext) -> str:
    """Return the id of the identity service in the catalog."""
    services = [service for service in repository.list_enabled_services(ctx.db) if service.type == "identity"]
    return services[0].id if services else "identity"
