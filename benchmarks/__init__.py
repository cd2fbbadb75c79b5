"""How fast and how small Tieline is, measured against its own sandboxes and against peers."""
