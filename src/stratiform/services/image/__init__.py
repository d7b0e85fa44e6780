"""Owns: image records, their bytes, and their copies in clouds.

Does not own: snapshots of servers in flight.
"""
