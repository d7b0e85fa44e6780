"""Ingest: messages, CloudEvents, polled samples and corrections are parsed and appended to the ledger."""
