"""The ledger of the last build, as pages of the book use it."""

import re
from pathlib import Path

from markupsafe import Markup
from sphinx.environment import BuildEnvironment

from capelib.claims import ledger
from capelib.claims.display import MARK

LEDGER_PAGE = "book/ledger"
SECTIONS = "notebooks/"


def rows(env: BuildEnvironment) -> list[dict]:
    """All rows; the page being read is read again when the ledger changes."""
    path = ledger.ledger_path(Path(env.srcdir) / "_build")
    env.note_dependency(str(path))
    return ledger.load(path)


def in_order(env: BuildEnvironment) -> list[dict]:
    """All rows in the order of the book's sections, those of sections that the book does not have yet last."""
    pages = list(env.app.config.external_site_map)
    places = {page.removeprefix(SECTIONS): place for place, page in enumerate(pages) if page.startswith(SECTIONS)}
    return sorted(rows(env), key=lambda row: (places.get(row["section"], len(pages)), row["section"]))


def row_id(claim_id: str) -> str:
    """HTML id of a claim's row on the ledger page."""
    return "row-" + re.sub(r"[^a-z0-9]+", "-", claim_id.lower())


def section_uri(env: BuildEnvironment, section: str) -> str:
    """Link from the page being read to a section; empty if the book has no such section yet."""
    target = SECTIONS + section
    return env.app.builder.get_relative_uri(env.docname, target) if target in env.found_docs else ""


def ledger_uri(env: BuildEnvironment) -> str:
    """Link from the page being read to the ledger; empty on the ledger itself."""
    return "" if env.docname == LEDGER_PAGE else env.app.builder.get_relative_uri(env.docname, LEDGER_PAGE)


def verdict_uri(env: BuildEnvironment, row: dict) -> str:
    """Link to the card that decides a claim, or else to its row in the ledger."""
    section = section_uri(env, row["section"])
    if section and row["anchor"]:
        return f"{section}#{row['anchor']}"
    return f"{ledger_uri(env)}#{row_id(row['id'])}"


def badge(verdict: str) -> Markup:
    """A verdict: its mark and its words."""
    return Markup(
        '<span class="cape-badge" data-verdict="{verdict}"><span aria-hidden="true">{mark}</span> {verdict}</span>'
    ).format(verdict=verdict, mark=MARK[verdict])
