"""The engine: what changed, what follows from it, and carrying it out without losing anything."""
