"""Accounts as companies see them together: overlap with partners, private exchange, account maps."""
