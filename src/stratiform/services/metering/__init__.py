"""Owns: events as they came, and the segments folded from them.

Does not own: prices.
"""
