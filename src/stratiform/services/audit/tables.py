"""Tables of completed audits."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String

from stratiform.kit.database import define_table

#: Audits of all projects. The period ends at the time of the audit if it was not over.
runs_table = define_table(
    "audit_run",
    Column("id", String(64), primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    Column("findings", Integer, nullable=False),
    Index("ix_audit_run_end", "end"),
)

#: The clouds of an audit, with the number of resources that were compared, and of those without a source.
run_clouds_table = define_table(
    "audit_run_cloud",
    Column("run_id", String(64), ForeignKey("audit_run.id"), primary_key=True),
    Column("cloud", String(64), primary_key=True),
    Column("resources", Integer, nullable=False),
    Column("without_source", Integer, nullable=False),
)
