"""One folder per CRM; speaks the vendor's fields over the vendor's API."""
