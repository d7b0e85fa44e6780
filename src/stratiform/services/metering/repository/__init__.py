"""Every query of the ledger."""

from stratiform.services.metering.repository import events, rejected, segments

__all__ = ["events", "rejected", "segments"]
