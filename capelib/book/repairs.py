"""Repairs to pages as the theme and its extensions write them; what axe-core found, with the reason for each."""

import re

from docutils import nodes
from sphinx.application import Sphinx

BODY = (
    # a label that hides the visible words "Show code cell source" from a screen reader
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # pandas leaves the header over the index empty
    (re.compile(r"<th></th>"), '<th><span class="visually-hidden">row</span></th>'),
)


def repair_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """On ``html-page-context``: mend the body."""
    body = context.get("body", "")
    for found, better in BODY:
        body = found.sub(better, body)
    context["body"] = body
