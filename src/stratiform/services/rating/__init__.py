"""Owns: price plans with their versions, and charge = rate(segments, version).

Does not own: who pays, and when.
"""
