"""Owns: the programs, and the one place that wires them. Does not own: anything they do."""
