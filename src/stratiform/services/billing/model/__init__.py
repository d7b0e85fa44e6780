"""Customer accounts, periods, documents and costs. Pure: no database, no clock."""

from stratiform.services.billing.model.costs import (
    CostLine,
    DailyCost,
    ProjectCost,
    ProjectResourceCost,
    ResourceCost,
    UnpricedGap,
    UnpricedUsageTotal,
    build_unpriced_totals,
)
from stratiform.services.billing.model.customer_accounts import (
    CustomerAccount,
    CustomerAccountChanges,
    ProjectAssignment,
)
from stratiform.services.billing.model.documents import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentNumber,
    DocumentSummary,
    PlanReference,
    PlanVersionReference,
    StoredDocument,
)
from stratiform.services.billing.model.late_usage import LateUsage, count_differing_resources
from stratiform.services.billing.model.parties import Party, check_party
from stratiform.services.billing.model.periods import (
    BillingPeriod,
    ClosedPeriod,
    PeriodSelection,
    format_month,
    get_month_bounds,
    parse_month,
    select_period,
    split_by_month,
)
from stratiform.services.billing.model.plan_intervals import (
    PlanInterval,
    clip_plan_intervals,
    find_plan_start,
    list_plan_intervals,
)
from stratiform.services.billing.model.previews import (
    InvoiceDraft,
    PeriodPreview,
    UnassignedUsage,
    UnauditedUsage,
)
from stratiform.services.billing.model.price_changes import (
    AccountPlanUpdate,
    CostDifference,
    PlanPublication,
    PriceChange,
    compare_drafts,
)
from stratiform.services.billing.model.taxes import TaxTotal, calculate_tax_total, calculate_tax_totals

__all__ = [
    "AccountPlanUpdate",
    "BillingPeriod",
    "ClosedPeriod",
    "CostDifference",
    "CostLine",
    "CustomerAccount",
    "CustomerAccountChanges",
    "DailyCost",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentNumber",
    "DocumentSummary",
    "InvoiceDraft",
    "LateUsage",
    "Party",
    "PeriodPreview",
    "PeriodSelection",
    "PlanInterval",
    "PlanPublication",
    "PlanReference",
    "PlanVersionReference",
    "PriceChange",
    "ProjectAssignment",
    "ProjectCost",
    "ProjectResourceCost",
    "ResourceCost",
    "StoredDocument",
    "TaxTotal",
    "UnassignedUsage",
    "UnauditedUsage",
    "UnpricedGap",
    "UnpricedUsageTotal",
    "build_unpriced_totals",
    "calculate_tax_total",
    "calculate_tax_totals",
    "check_party",
    "clip_plan_intervals",
    "compare_drafts",
    "count_differing_resources",
    "find_plan_start",
    "format_month",
    "get_month_bounds",
    "list_plan_intervals",
    "parse_month",
    "select_period",
    "split_by_month",
]
