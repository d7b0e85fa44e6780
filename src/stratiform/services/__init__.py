"""Owns: what is sold and how it is accounted for. Does not own: APIs, or the drivers of clouds."""
