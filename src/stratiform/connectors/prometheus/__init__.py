"""Owns: what a Prometheus has measured, or what speaks its query API, as readings of meters.

Does not own: machines or disks; a Prometheus has none.
"""
