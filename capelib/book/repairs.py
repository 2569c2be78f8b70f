"""Repairs to pages as the theme and its extensions write them; what axe-core found, with the reason for each."""

import re

from docutils import nodes
from sphinx.application import Sphinx

BODY = (
    # a label that hides the visible words "Show code cell source" from a screen reader
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # a deprecated role, and not one that a list may hold
    (re.compile(r'role="doc-biblioentry"'), 'role="listitem"'),
    # pandas leaves the header over the index empty
    (re.compile(r"<th></th>"), '<th><span class="visually-hidden">row</span></th>'),
)
# The theme's default mode "auto" leaves a page without scripts without colours, and one with scripts without them
# until its last script has run. So the mode is settled before the theme asks for it.
MODE = """
<script>(() => {
  const mode = localStorage.getItem("mode") || "auto";
  localStorage.setItem("mode", mode);
  if (mode === "auto") {
    localStorage.setItem("theme", matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  }
})();</script>"""


def repair_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """On ``html-page-context``: mend the body, settle the colour mode."""
    context["metatags"] = context.get("metatags", "") + MODE
    body = context.get("body", "")
    for found, better in BODY:
        body = found.sub(better, body)
    context["body"] = body
