"""How many claims have each verdict: the directive ``cape-counts``, and the strip at the head of every section."""

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from capelib.book.rows import SECTIONS, ledger_uri, rows
from capelib.claims.display import MARK
from capelib.claims.ledger import counts

STRIP = Markup('<ul class="cape-counts" aria-label="{label}">{items}</ul>\n')
ITEM = Markup(
    '<li data-verdict="{verdict}"><a href="{href}"><span class="cape-mark" aria-hidden="true">{mark}</span> '
    "<b>{n}</b> <span>{verdict}</span></a></li>\n"
)


class CountsDirective(SphinxDirective):
    """``{cape-counts}`` or ``{cape-counts} SECTION``: verdicts counted over all claims or a section's."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [strip(self.env, self.arguments[0] if self.arguments else None)]


def strip(env: BuildEnvironment, section: str | None = None) -> nodes.raw:
    """The counts as a list of links into the ledger; verdicts that nobody has are left out."""
    target = ledger_uri(env)
    chosen = f"section={section}&" if section else ""
    items = Markup("").join(
        ITEM.format(
            verdict=verdict, mark=MARK[verdict], n=n, href=f"{target}#{chosen}verdict={verdict.replace(' ', '+')}"
        )
        for verdict, n in counts(rows(env), section).items()
        if n
    )
    label = f"Verdicts on the claims of section {section}" if section else "Verdicts on all claims"
    return nodes.raw("", STRIP.format(label=label, items=items), format="html")


def head_of_section(app: Sphinx, doctree: nodes.document) -> None:
    """On ``doctree-read``: put a section's counts under its title, if the paper makes claims there."""
    env = app.env
    name = env.docname.removeprefix(SECTIONS)
    if name == env.docname or not any(row["section"] == name for row in rows(env)):
        return
    title = next(doctree.findall(nodes.title), None)
    if title is not None:
        title.parent.insert(title.parent.index(title) + 1, strip(env, name))
