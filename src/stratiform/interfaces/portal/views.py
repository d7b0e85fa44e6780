"""What the pages show, from what the services say."""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Any

from stratiform.interfaces.portal.chart import by_day, money
from stratiform.interfaces.services import Services
from stratiform.kit.clock import to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Page
from stratiform.services.billing.model import Invoice
from stratiform.services.compute.model import ServerDetail, ServerFilter
from stratiform.services.volume.model import Volume, VolumeFilter

_GOOD = {"ACTIVE", "available", "in-use", "VERIFY_RESIZE"}
_BAD = {"ERROR", "error", "error_deleting", "error_extending"}
_STILL = {"SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED"}
_MOST = 200


def overview(services: Services, ctx: RequestContext) -> dict[str, Any]:
    """The project's month, servers and volumes."""
    project = ctx.caller.project()
    cost = services.billing.project_cost(ctx, project)
    spent = {one["resource_id"]: Decimal(one["amount"]) for one in cost["resources"]} if cost else {}
    currency = cost["currency"] if cost else ""
    details = services.compute.servers.list_details(ctx, ServerFilter(project_id=project), Page(limit=_MOST)).items
    volumes = services.volume.volumes(ctx, VolumeFilter(), Page(limit=_MOST)).items
    types = services.volume.type_names(ctx, {volume.type_id for volume in volumes})
    machine_of = {volume.volume_id: one.server.name for one in details for volume in one.attachments}
    return {
        "here": "overview",
        "cost": _cost(cost),
        "chart": by_day(_whole_month(cost["days"]), currency) if cost else None,
        "servers": [_server(one, _spent(spent, one.server.id, currency)) for one in details],
        "volumes": [
            _volume(one, types.get(one.type_id, ""), machine_of.get(one.id, ""), _spent(spent, one.id, currency))
            for one in volumes
        ],
    }


def invoices(services: Services, ctx: RequestContext) -> dict[str, Any]:
    """The newest invoices of whoever pays for the project."""
    found = services.billing.invoices(ctx, Page(limit=_MOST)).items
    return {"here": "invoices", "invoices": [_invoice(one) for one in found]}


def _cost(cost: dict[str, Any] | None) -> dict[str, Any]:
    if cost is None:
        return {"known": False, "month": "Cost"}
    month = date.fromisoformat(cost["since"][:10])
    return {
        "known": True,
        "month": month.strftime("%B %Y"),
        "total": money(Decimal(cost["amount"]), cost["currency"]),
        "as_of": cost["as_of"][:19].replace("T", " ") + " UTC",
        "unpriced": len({one["resource_id"] for one in cost["unpriced"]}),
    }


def _whole_month(days: list[dict[str, str]]) -> list[tuple[date, Decimal]]:
    """The days that were, then those to come, so that a bar stands in its place all month."""
    amounts = {date.fromisoformat(day["date"]): Decimal(day["amount"]) for day in days}
    first = min(amounts, default=None)
    if first is None:
        return []
    month = [first.replace(day=number + 1) for number in range(monthrange(first.year, first.month)[1])]
    return [(day, amounts.get(day, Decimal(0))) for day in month]


def _spent(spent: dict[str, Decimal], resource_id: str, currency: str) -> str:
    return money(spent[resource_id], currency) if resource_id in spent else "–"


def _mood(status: str) -> str:
    if status in _GOOD:
        return "good"
    if status in _BAD:
        return "bad"
    return "" if status in _STILL else "wait"


def _server(one: ServerDetail, spent: str) -> dict[str, Any]:
    status = one.server.status
    ports = [port for group in one.ports.values() for port in group]
    return {
        "id": one.server.id,
        "name": one.server.name,
        "status": status,
        "mood": _mood(status),
        "flavor": one.server.flavor["name"],
        "addresses": ", ".join(ip["ip_address"] for port in ports for ip in port.fixed_ips),
        "zone": one.server.zone,
        "cost": spent,
    }


def _volume(volume: Volume, kind: str, server: str, spent: str) -> dict[str, Any]:
    return {
        "id": volume.id,
        "name": volume.name or "–",
        "status": volume.status,
        "mood": _mood(volume.status),
        "size": volume.size_gib,
        "type": kind,
        "server": server or "–",
        "cost": spent,
    }


def _invoice(invoice: Invoice) -> dict[str, str]:
    def day(us: int) -> str:
        return to_datetime(us).strftime("%-d %b %Y")

    return {
        "number": invoice.number,
        "period": f"{day(invoice.start)} – {day(invoice.end - 1)}",
        "issued": day(invoice.issued_at),
        "total": money(Decimal(invoice.total), invoice.currency),
    }
