"""Requests and responses of the Identity API. Source: keystone/*/schema.py and the API reference."""
