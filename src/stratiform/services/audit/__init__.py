"""Audit: the ledger is compared with notifications about existing resources and with inventories of clouds."""
