"""Code without domain knowledge that every program needs.

Owns: time, ids, money, database, background work, settings, errors. Does not own: any business concept.
"""
