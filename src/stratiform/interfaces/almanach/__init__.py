"""Almanach's REST API (4.1.0) over the ledger. Does not own: any rule of the ledger, nor what Almanach has wrong."""
