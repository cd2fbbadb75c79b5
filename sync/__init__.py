"""The engine: what changed, what is decided, what is written; it knows no vendor."""
