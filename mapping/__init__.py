"""The canonical model and the two-way translation between it and a vendor's fields."""
