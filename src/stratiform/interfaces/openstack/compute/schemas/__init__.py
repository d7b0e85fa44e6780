"""Schemas of requests, query strings and responses, one module per resource.

Source: the request and response tables of the Compute API reference.
"""
