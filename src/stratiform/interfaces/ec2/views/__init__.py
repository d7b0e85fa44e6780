"""Structures of responses."""
