"""Customer accounts, periods, documents and costs. Pure: no database, no clock."""

from stratiform.services.billing.model.costs import (
    CostLine,
    DailyCost,
    ProjectCost,
    ProjectResourceCost,
    ResourceCost,
    UnpricedGap,
    UnpricedTotal,
)
from stratiform.services.billing.model.customer_accounts import Assignment, CustomerAccount
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
from stratiform.services.billing.model.parties import Party, check_party
from stratiform.services.billing.model.periods import (
    Period,
    PeriodSelection,
    format_month,
    month_at,
    parse_month,
    select_period,
)
from stratiform.services.billing.model.taxes import TaxTotal, calculate_tax_total, calculate_tax_totals

__all__ = [
    "Assignment",
    "CostLine",
    "CustomerAccount",
    "DailyCost",
    "Document",
    "DocumentKind",
    "DocumentLine",
    "DocumentNumber",
    "DocumentSummary",
    "Party",
    "Period",
    "PeriodSelection",
    "PlanReference",
    "PlanVersionReference",
    "ProjectCost",
    "ProjectResourceCost",
    "ResourceCost",
    "StoredDocument",
    "TaxTotal",
    "UnpricedGap",
    "UnpricedTotal",
    "calculate_tax_total",
    "calculate_tax_totals",
    "check_party",
    "format_month",
    "month_at",
    "parse_month",
    "select_period",
]
