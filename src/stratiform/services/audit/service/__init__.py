"""Audits of the ledger."""

from dataclasses import dataclass

from stratiform.kit.clock import Clock
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.audit.service.audits import Audits
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService

__all__ = ["AuditService"]


@dataclass(frozen=True, slots=True)
class AuditService:
    """Compares the ledger with its sources."""

    audits: Audits

    @classmethod
    def build(
        cls,
        database: Database,
        clock: Clock,
        ids: Ids,
        ledger: LedgerService,
        ingest: IngestService,
        clouds: CloudsService,
    ) -> "AuditService":
        """Build the service from its dependencies."""
        return cls(Audits(database, clock, ledger, ingest, clouds, ids))
