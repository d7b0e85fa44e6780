"""The endpoints of the metadata service."""
