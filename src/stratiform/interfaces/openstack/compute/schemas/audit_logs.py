"""Usage audits of servers by compute hosts."""

from msgspec import Struct, field


class AuditLogEntry(Struct):
    state: str
    instances: int
    errors: int
    message: str


class AuditLog(Struct, kw_only=True):
    """`log` has an entry for each host that has audited its servers."""

    hosts_not_run: list[str]
    log: dict[str, AuditLogEntry] = field(default_factory=dict)
    num_hosts: int
    num_hosts_done: int = 0
    num_hosts_not_run: int
    num_hosts_running: int = 0
    overall_status: str
    period_beginning: str
    period_ending: str
    total_errors: int = 0
    total_instances: int = 0


class AuditLogResponse(Struct):
    instance_usage_audit_log: AuditLog


class AuditLogsResponse(Struct):
    instance_usage_audit_logs: AuditLog
