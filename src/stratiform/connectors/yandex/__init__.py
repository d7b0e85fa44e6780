"""Yandex Cloud: instances, disks, snapshots, images, a VPC network per network, public addresses, Monitoring."""
