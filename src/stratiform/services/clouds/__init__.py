"""Owns: connected cloud accounts with their secrets, bindings of projects to clouds, and native ids.

Does not own: the resources in a cloud.
"""
