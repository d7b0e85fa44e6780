"""Owns: what the outside sees; translation only. Does not own: rules, tables, connectors."""
