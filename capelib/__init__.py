"""capelib: the package behind the executable edition of *Lying Is Just a Phase* (Amin, 2026).

Importing it loads nothing heavy: every module imports what it needs itself.
"""

__version__ = "0.1.0"
