"""Owns: what is sold and how it is accounted for. Does not own: how it is asked for, or which cloud does it."""
