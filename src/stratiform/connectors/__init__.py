"""Connectors: one package per kind of cloud.

Owns: how each kind of cloud implements the contract. Does not own: products, customers, prices.
"""
