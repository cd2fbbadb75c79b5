"""CRMs to rehearse against: real HTTP servers that answer like the vendors, limits included."""
