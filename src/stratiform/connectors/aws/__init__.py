"""Amazon Web Services: EC2 instances, EBS volumes, a VPC per network, Elastic IPs, AMIs, CloudWatch metrics."""
