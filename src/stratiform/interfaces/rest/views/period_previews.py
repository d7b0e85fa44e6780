"""Responses with previews of periods."""

from stratiform.interfaces.rest.schemas import invoices as schemas
from stratiform.interfaces.rest.views import billing as views
from stratiform.kit.clock import format_iso
from stratiform.services.billing.model import PeriodPreview, UnassignedUsage, UnauditedUsage, build_unpriced_totals


def period_preview(preview: PeriodPreview) -> schemas.PeriodPreview:
    draft = preview.draft
    return schemas.PeriodPreview(
        account=draft.account.name,
        start=format_iso(draft.start),
        end=format_iso(draft.end),
        currency=draft.account.currency,
        plan=draft.plan.name,
        lines=len(draft.lines),
        resources=sum(draft.resources_by_cloud.values()),
        exact=draft.exact,
        net=draft.net,
        tax=draft.tax,
        total=draft.total,
        state="closed" if preview.is_closed else "open",
        invoice=preview.document_number,
        problems=[schemas.PreviewProblem(problem.message, problem.hint) for problem in preview.problems],
        unpriced=build_unpriced_totals(draft.charge),
        unassigned=[unassigned_usage(each) for each in preview.unassigned],
        unaudited=[_unaudited_usage(each) for each in preview.unaudited],
        late_usage=[views.late_usage(late) for late in preview.late_usage],
    )


def unassigned_usage(usage: UnassignedUsage) -> schemas.UnassignedUsage:
    return schemas.UnassignedUsage(
        project_id=usage.project_id,
        project_name=usage.project_name,
        resources=usage.resources,
        start=format_iso(usage.start),
        end=format_iso(usage.end),
    )


def _unaudited_usage(usage: UnauditedUsage) -> schemas.UnauditedUsage:
    return schemas.UnauditedUsage(
        cloud=usage.cloud,
        resources=usage.resources,
        audited_until=None if usage.audited_until is None else format_iso(usage.audited_until),
        findings=usage.findings,
        without_source=usage.without_source,
    )
