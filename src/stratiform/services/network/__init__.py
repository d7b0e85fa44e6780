"""Owns: networks, subnets, ports, IP addresses, security groups.

Does not own: the servers that the ports are attached to.
"""
