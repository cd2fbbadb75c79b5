"""How good and how fast the matching engine is: `python -m benchmarks.matching --help`."""
