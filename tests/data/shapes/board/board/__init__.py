"""A notice board."""

from board.web import app

__all__ = ["app"]
