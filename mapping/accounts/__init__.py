"""Account mapping: who an account is to us and to a partner, who decides in it, what is open."""
