"""The tables of facts: one reader, one validator, one frame for every panel.

>>> read("benchmarks")["benchmark"].tolist()[:2]
['hellaswag', 'truthfulqa']
"""

from capelib.tables.panel import BENCHMARKS, PANELS, panel
from capelib.tables.problems import Problem, TableError
from capelib.tables.reader import catalogue, form, read, read_csv

__all__ = ["BENCHMARKS", "PANELS", "Problem", "TableError", "catalogue", "form", "panel", "read", "read_csv"]
