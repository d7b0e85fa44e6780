"""Owns: accounts, periods, invoices, running cost.

Does not own: how a charge is computed.
"""
