"""The reference pages: docstrings that are plain text with backticks, and classes that a package re-exports."""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LITERAL = re.compile(r"(``.*?``|`.*?`)")
# |r| would be a substitution, and N_ a link
MARKUP = re.compile(r"\||(?<=\w)_(?!\w)")


def escape_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """On ``autodoc-process-docstring``: what is mathematics to the reader of a source is no markup here."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith(">>>"):
            parts = LITERAL.split(line)
            parts[::2] = [MARKUP.sub(r"\\\g<0>", part) for part in parts[::2]]
            lines[number] = "".join(parts)


def find_reexport(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element) -> nodes.Element | None:
    """On ``missing-reference``: ``capelib.coupling.local.LocalCoupling`` is documented as ``capelib.coupling.…``."""
    if node.get("refdomain") != "py":
        return None
    domain, parts = env.get_domain("py"), node["reftarget"].split(".")
    for depth in range(len(parts) - 2, 0, -1):
        shorter = ".".join([*parts[:depth], parts[-1]])
        if shorter in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], shorter, node, text)
    return None
