"""CloudStack 4.17 or newer: one account in one zone, basic or advanced. Servers, networks, volumes, images, usage."""
