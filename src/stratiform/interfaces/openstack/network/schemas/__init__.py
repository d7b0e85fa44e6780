"""Requests and responses of the Networking API, one module per resource."""
