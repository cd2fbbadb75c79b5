"""Pages that one file holds whole: no request to anywhere, for eyes, keyboards and readers."""
