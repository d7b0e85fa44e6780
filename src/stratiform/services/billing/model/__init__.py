"""Customer accounts, periods, documents and costs. Pure: no database, no clock."""

from stratiform.services.billing.model.costs import (
    CostLine,
    DailyCost,
    ProjectCost,
    ProjectResourceCost,
    ResourceCost,
    UnpricedGap,
    UnpricedUsageTotal,
)
from stratiform.services.billing.model.customer_accounts import CustomerAccount, ProjectAssignment
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
    PeriodSelection,
    format_month,
    get_month_bounds,
    parse_month,
    select_period,
)
from stratiform.services.billing.model.taxes import TaxTotal, calculate_tax_total, calculate_tax_totals

__all__ = [
    "BillingPeriod",
    "CostLine",
    "CustomerAccount",
    "DailyCost",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentNumber",
    "DocumentSummary",
    "LateUsage",
    "Party",
    "PeriodSelection",
    "PlanReference",
    "PlanVersionReference",
    "ProjectAssignment",
    "ProjectCost",
    "ProjectResourceCost",
    "ResourceCost",
    "StoredDocument",
    "TaxTotal",
    "UnpricedGap",
    "UnpricedUsageTotal",
    "calculate_tax_total",
    "calculate_tax_totals",
    "check_party",
    "count_differing_resources",
    "format_month",
    "get_month_bounds",
    "parse_month",
    "select_period",
]
