"""Data types of ingest. Pure functions."""

from stratiform.services.ingest.model.messages import IngestResult, RejectedMessage

__all__ = ["IngestResult", "RejectedMessage"]
