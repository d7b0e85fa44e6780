"""One OpenStack-compatible API, one usage ledger and one bill over the clouds a seller already has."""

__version__ = "0.1.0"
