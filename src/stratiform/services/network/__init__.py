"""Owns: networks, subnets, ports, addresses.

Does not own: the machines behind the ports.
"""
