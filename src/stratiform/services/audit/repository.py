"""Completed audits."""

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.audit.model import CloudAudit, SourceCoverage
from stratiform.services.audit.tables import run_clouds_table, runs_table

_r, _c = runs_table.c, run_clouds_table.c


def insert_run(
    db: Connection,
    run_id: str,
    period: tuple[Micros, Micros],
    finished_at: Micros,
    findings: int,
    clouds: Mapping[str, SourceCoverage],
) -> None:
    """Store an audit with the coverage of its clouds."""
    row = {"id": run_id, "start": period[0], "end": period[1], "finished_at": finished_at, "findings": findings}
    db.execute(insert(runs_table).values(row))
    rows = [
        {"run_id": run_id, "cloud": cloud, "resources": each.resources, "without_source": each.without_source}
        for cloud, each in clouds.items()
    ]
    if rows:
        db.execute(insert(run_clouds_table), rows)


def list_cloud_audits(db: Connection, start: Micros, end: Micros) -> Sequence[CloudAudit]:
    """Return the audits of clouds that include `start` and end before `end`, or with it, by the time they finished."""
    columns = (_c.cloud, _r.end, _r.finished_at, _r.findings, _c.resources, _c.without_source)
    joined = run_clouds_table.join(runs_table, _r.id == _c.run_id)
    query = select(*columns).select_from(joined).where(_r.start <= start, _r.end > start)
    rows = db.execute(query.order_by(_r.finished_at, _r.id))
    return [CloudAudit(cloud, min(until, end), *others) for cloud, until, *others in rows]
