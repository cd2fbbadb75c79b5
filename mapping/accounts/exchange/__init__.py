"""Two companies find their mutual accounts without showing each other the rest."""
