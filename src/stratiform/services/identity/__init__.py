"""Owns: projects, domains, users, groups, roles, assignments, credentials, tokens and the catalog.

Does not own: what any of them may spend.
"""
