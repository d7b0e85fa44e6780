"""Owns: volumes, volume types, attachments.

Does not own: the machines they are attached to.
"""
