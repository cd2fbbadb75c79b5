"""Lists that the engine stands on, written by us: legal forms, short forms, shared domains."""
