"""Which records are one company or one person: for syncs, duplicates and partners."""
