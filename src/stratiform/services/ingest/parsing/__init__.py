"""Parsing of messages and events to statements about resources. No queries.

`meter_files`, `meter_file_parser` and `meter_file_checks` compile a TOML file to a checked `MeterFile`.
`compiled_rules` and `parse_plans` compile meter files for each event type. `rule_application` and `parse_steps` apply
them to messages.
"""

from stratiform.services.ingest.parsing.envelope import encode_event, parse_event, redact_token
from stratiform.services.ingest.parsing.message_parser import MessageParser

__all__ = ["MessageParser", "encode_event", "parse_event", "redact_token"]
