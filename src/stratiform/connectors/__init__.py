"""Owns: how each kind of cloud does what the contract asks. Does not own: what is sold, to whom, for how much."""
