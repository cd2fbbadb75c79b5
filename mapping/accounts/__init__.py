"""Account mapping: who a company's accounts are to a partner, and who decides in them."""
