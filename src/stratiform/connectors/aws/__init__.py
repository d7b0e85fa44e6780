"""Amazon Web Services: EC2 instances, EBS volumes, a VPC per network, existing AMIs, CloudWatch metrics."""
