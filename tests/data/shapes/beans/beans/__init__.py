"""Stock of a coffee roaster."""

from .web import app
