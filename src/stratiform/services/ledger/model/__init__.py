"""Data types and pure functions of the ledger."""

from stratiform.services.ledger.model.catalog import (
    Attribute,
    AttributeType,
    CatalogMeter,
    MeterCatalog,
    MeterKind,
    ResourceType,
)

__all__ = ["Attribute", "AttributeType", "CatalogMeter", "MeterCatalog", "MeterKind", "ResourceType"]
