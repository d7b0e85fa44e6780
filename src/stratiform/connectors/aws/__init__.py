"""Owns: how Amazon Web Services does it: EC2 machines, EBS disks, a VPC for each network, AMIs that are there already.

Does not own: buckets, prices, or anything that lacks our tags.
"""
