"""`/os-instance_usage_audit_log`: usage audits of servers by compute hosts.

Clouds audit nothing: usage comes from events, and `stratiform audit` compares it. So no host has run an audit.
"""

from datetime import UTC, datetime

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import audit_logs as schemas
from stratiform.kit.clock import to_datetime
from stratiform.kit.errors import Invalid
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy

_PATH = "/os-instance_usage_audit_log"
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")


@api.get(_PATH, policy.AUDIT_LOGS_LIST)
def list_audit_logs(request: ApiRequest) -> schemas.AuditLogsResponse:
    """Show the audits of the last complete month."""
    return schemas.AuditLogsResponse(_build(request, policy.AUDIT_LOGS_LIST, to_datetime(request.ctx.now)))


@api.get(_PATH + "/{before}", policy.AUDIT_LOGS_SHOW)
def show_audit_log(request: ApiRequest, before: str) -> schemas.AuditLogResponse:
    """Show the audits of the last complete month before a time."""
    policy.AUDIT_LOGS_SHOW.require(request.ctx.caller, None)
    return schemas.AuditLogResponse(_build(request, policy.AUDIT_LOGS_SHOW, _parse_time(before)))


def _build(request: ApiRequest, rule: Rule, before: datetime) -> schemas.AuditLog:
    hosts = sorted(item.name for item in request.services.compute.hypervisors.list(request.ctx, rule))
    end = datetime(before.year, before.month, 1, tzinfo=UTC)
    year, month = (end.year, end.month - 1) if end.month > 1 else (end.year - 1, 12)
    begin = datetime(year, month, 1, tzinfo=UTC)
    return schemas.AuditLog(
        hosts_not_run=hosts,
        num_hosts=len(hosts),
        num_hosts_not_run=len(hosts),
        overall_status=f"0 of {len(hosts)} hosts done. 0 errors.",
        period_beginning=begin.strftime(_FORMATS[0]),
        period_ending=end.strftime(_FORMATS[0]),
    )


def _parse_time(text: str) -> datetime:
    """Raises Invalid."""
    for time_format in _FORMATS:
        try:
            return datetime.strptime(text, time_format).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise Invalid(f"Invalid timestamp for date {text}")
