"""What every layer may import: errors, the clock, redaction, logging."""
