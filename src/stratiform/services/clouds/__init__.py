"""Owns: connected cloud accounts with their secrets, which project is served by which, and native names.

Does not own: anything made in a cloud.
"""
