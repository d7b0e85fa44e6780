"""Owns: a simulated cloud in a file of its own, as forgetful and as slow as one likes. Does not own: a real machine."""
