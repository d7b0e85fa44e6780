"""Owns: what an OpenStack says of its use: all that its projects have, and what Gnocchi measured.

Does not own: the notifications that it sends, which come over the bus.
"""
