"""Data types of ingest. Pure functions."""

from stratiform.services.ingest.model.ingest_results import IngestResult
from stratiform.services.ingest.model.rejected_messages import RejectedMessage

__all__ = ["IngestResult", "RejectedMessage"]
