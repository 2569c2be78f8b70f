"""Sections of the edition: find them, read their parameters, execute them, build the book from them."""

from capelib.sections.source import Parameter, Section, discover, find

__all__ = ["Parameter", "Section", "discover", "find"]
