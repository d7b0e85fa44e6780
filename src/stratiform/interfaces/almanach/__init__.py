"""Almanach's REST API (4.1.0) over the usage ledger; known errors of Almanach itself are not reproduced."""
