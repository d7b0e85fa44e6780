"""Redaction of secrets in log records."""

import pytest

from stratiform.kit import logging_setup


@pytest.mark.parametrize(
    "text",
    [
        "X-Auth-Token: gAAAAsecret1",
        'body {"password": "gAAAAsecret1"}',
        "rabbit://guest:gAAAAsecret1@127.0.0.1:5672/",
        "secret_key=gAAAAsecret1 region=x",
    ],
)
def test_redact(text: str) -> None:
    redacted = logging_setup.redact_secrets(text)
    assert "gAAAAsecret1" not in redacted
    assert "***" in redacted
