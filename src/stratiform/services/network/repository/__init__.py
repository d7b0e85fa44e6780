"""Queries of the network service."""
