"""The content of the pages, from the results of the services."""

from calendar import monthrange
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stratiform.interfaces.portal.cost_chart import BarChart, build_chart, format_amount
from stratiform.interfaces.services import Services
from stratiform.kit.clock import to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Page
from stratiform.services.billing.model import DailyCost, DocumentSummary, ProjectCost
from stratiform.services.compute.model import ServerDetail, ServerFilter
from stratiform.services.volume.model import Volume, VolumeFilter

_GOOD_STATUSES = {"ACTIVE", "available", "in-use", "VERIFY_RESIZE"}
_BAD_STATUSES = {"ERROR", "error", "error_deleting", "error_extending"}
_INACTIVE_STATUSES = {"SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED"}

_MAX_ROWS = 200
_EMPTY_CELL = "–"


@dataclass(frozen=True, slots=True)
class CostView:
    """Costs of the current month; `unpriced` is the number of resources without a price."""

    month: str
    total: str
    as_of: str
    unpriced: int


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server in a table; `status_class` is the CSS class of its status."""

    id: str
    name: str
    status: str
    status_class: str
    flavor: str
    addresses: str
    zone: str
    cost: str


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A volume in a table; `server` is the name of the server that it is attached to."""

    id: str
    name: str
    status: str
    status_class: str
    size_gib: int
    type: str
    server: str
    cost: str


@dataclass(frozen=True, slots=True)
class OtherCostRow:
    """A resource with costs that is in no other table: it is deleted, or of another type."""

    id: str
    name: str
    type: str
    cloud: str
    cost: str


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    number: str
    period: str
    issued: str
    total: str


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Costs, servers and volumes of a project; without a customer account, `cost` and `chart` are None."""

    cost: CostView | None
    chart: BarChart | None
    servers: Sequence[ServerRow]
    volumes: Sequence[VolumeRow]
    other_costs: Sequence[OtherCostRow]
    page: str = "overview"


@dataclass(frozen=True, slots=True)
class InvoicesPage:
    invoices: Sequence[InvoiceRow]
    page: str = "invoices"


class _ResourceCosts:
    """Formatted costs of single resources."""

    def __init__(self, project_cost: ProjectCost | None) -> None:
        resources = project_cost.resources if project_cost else []
        self._currency = project_cost.currency if project_cost else ""
        self._amounts = {resource.resource_id: Decimal(resource.amount) for resource in resources}

    def format(self, resource_id: str) -> str:
        amount = self._amounts.get(resource_id)
        return _EMPTY_CELL if amount is None else format_amount(amount, self._currency)


def build_overview(services: Services, ctx: RequestContext) -> OverviewPage:
    project_id = ctx.caller.require_project_id()
    project_cost = services.billing.costs.find_project_cost(ctx, project_id)
    costs = _ResourceCosts(project_cost)
    details = services.compute.servers.list_details(ctx, ServerFilter(), Page(limit=_MAX_ROWS)).items
    volumes = services.volume.volumes.list(ctx, VolumeFilter(), Page(limit=_MAX_ROWS)).items
    types = services.volume.volume_types.list_names(ctx, {volume.type_id for volume in volumes})
    server_names = {volume.volume_id: detail.server.name for detail in details for volume in detail.attachments}
    return OverviewPage(
        cost=_build_cost(project_cost) if project_cost else None,
        chart=build_chart(_fill_month(project_cost.days), project_cost.currency) if project_cost else None,
        servers=[_build_server(detail, costs) for detail in details],
        volumes=[
            _build_volume(volume, types.get(volume.type_id, ""), server_names.get(volume.id, _EMPTY_CELL), costs)
            for volume in volumes
        ],
        other_costs=_list_other_costs(
            project_cost, {detail.server.id for detail in details} | {volume.id for volume in volumes}
        ),
    )


def build_invoices(services: Services, ctx: RequestContext) -> InvoicesPage:
    """Return the newest invoices of the customer account that the project is assigned to."""
    invoices = services.billing.documents.list(ctx, Page(limit=_MAX_ROWS)).items
    return InvoicesPage([_build_invoice(invoice) for invoice in invoices])


def _build_cost(project_cost: ProjectCost) -> CostView:
    return CostView(
        month=date.fromisoformat(project_cost.since[:10]).strftime("%B %Y"),
        total=format_amount(Decimal(project_cost.amount), project_cost.currency),
        as_of=project_cost.as_of[:19].replace("T", " ") + " UTC",
        unpriced=len({gap.resource_id for gap in project_cost.gaps}),
    )


def _fill_month(days: Sequence[DailyCost]) -> Sequence[tuple[date, Decimal]]:
    """Return every day of the month with its amount, so that the bars keep their positions all month."""
    amounts = {date.fromisoformat(day.date): Decimal(day.amount) for day in days}
    first = min(amounts, default=None)
    if first is None:
        return []
    month = [first.replace(day=number + 1) for number in range(monthrange(first.year, first.month)[1])]
    return [(day, amounts.get(day, Decimal(0))) for day in month]


def _status_class(status: str) -> str:
    if status in _GOOD_STATUSES:
        return "good"
    if status in _BAD_STATUSES:
        return "bad"
    return "" if status in _INACTIVE_STATUSES else "pending"


def _build_server(detail: ServerDetail, costs: _ResourceCosts) -> ServerRow:
    server = detail.server
    return ServerRow(
        id=server.id,
        name=server.name,
        status=server.status,
        status_class=_status_class(server.status),
        flavor=server.flavor["name"],
        addresses=", ".join(_list_addresses(detail)),
        zone=server.zone,
        cost=costs.format(server.id),
    )


def _list_addresses(detail: ServerDetail) -> list[str]:
    """Return the fixed IPs of a server, each with its floating IPs."""
    ports = [port for ports in detail.ports.values() for port in ports]
    return [
        address
        for port in ports
        for ip in port.fixed_ips
        for address in (ip["ip_address"], *detail.floating_ips.get(port.id, {}).get(ip["ip_address"], ()))
    ]


def _build_volume(volume: Volume, type_name: str, server_name: str, costs: _ResourceCosts) -> VolumeRow:
    return VolumeRow(
        id=volume.id,
        name=volume.name or _EMPTY_CELL,
        status=volume.status,
        status_class=_status_class(volume.status),
        size_gib=volume.size_gib,
        type=type_name,
        server=server_name,
        cost=costs.format(volume.id),
    )


def _list_other_costs(project_cost: ProjectCost | None, listed_ids: Set[str]) -> Sequence[OtherCostRow]:
    """Return the costs of resources that are not in `listed_ids`, so that all costs have a row."""
    if project_cost is None:
        return []
    return [
        OtherCostRow(
            id=resource.resource_id,
            name=resource.resource_name or _EMPTY_CELL,
            type=resource.resource_type.replace("_", " "),
            cloud=resource.cloud,
            cost=format_amount(Decimal(resource.amount), project_cost.currency),
        )
        for resource in project_cost.resources
        if resource.resource_id not in listed_ids and Decimal(resource.amount)
    ]


def _build_invoice(invoice: DocumentSummary) -> InvoiceRow:
    return InvoiceRow(
        number=invoice.number,
        period=f"{_format_day(invoice.start)} – {_format_day(invoice.end - 1)}",
        issued=_format_day(invoice.issued_at),
        total=format_amount(Decimal(invoice.total), invoice.currency),
    )


def _format_day(us: int) -> str:
    return to_datetime(us).strftime("%-d %b %Y")
