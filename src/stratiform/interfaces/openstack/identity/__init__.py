"""The Identity API v3 (Keystone)."""
