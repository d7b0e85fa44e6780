"""Requests, queries and responses of the REST API. Times are ISO 8601, amounts and quantities decimal texts."""
