"""Owns: the programs and their wiring. Does not own: what the services and interfaces do."""
