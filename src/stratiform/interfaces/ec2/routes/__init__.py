"""The actions of the EC2 API, by kind of resource."""
