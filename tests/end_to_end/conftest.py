"""Fixtures that the tests over HTTP share."""

from tests.end_to_end.commands import call

__all__ = ["call"]
