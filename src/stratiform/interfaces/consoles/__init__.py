"""Consoles in browsers: a websocket proxy to the consoles of clouds, and the files of noVNC.

Owns: the websocket and the check of its origin. Does not own: tokens, which the compute service issues.
"""
