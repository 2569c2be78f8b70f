"""The command `cape`: parses, calls, prints. Nothing is computed here."""

from capelib.cli.main import app, main

__all__ = ["app", "main"]
