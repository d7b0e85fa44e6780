"""Owns: servers, flavors, key pairs.

Does not own: addresses, images, volumes; it asks for them.
"""
