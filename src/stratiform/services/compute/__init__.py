"""Servers, flavors and key pairs.

Ports, images and volumes belong to the network, image and volume services; compute calls them.
"""
