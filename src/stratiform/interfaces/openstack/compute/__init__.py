"""The Compute API: its endpoints, request and response schemas, and views."""
