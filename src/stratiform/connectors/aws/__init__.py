"""Amazon Web Services: EC2 machines, EBS disks, a VPC for each network, registered AMIs.

Owns: how AWS does what the contract asks. Does not own: buckets, prices, or what was not made with our tags.
"""
