"""Backups of an installation: database, keys and all other files of the home in one consistent archive."""
