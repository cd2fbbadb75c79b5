"""Settings and shipped mappings: what a person may configure, and reading it."""
