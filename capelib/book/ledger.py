"""The directives ``cape-ledger``, every claim in one table, and ``cape-claims``, a few of them as a list."""

from docutils import nodes
from markupsafe import Markup
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from capelib.book.rows import badge, in_order, row_id, rows, section_uri, verdict_uri

COLUMNS = (
    ("Claim", "text"),
    ("Section", "text"),
    ("Paper", "number"),
    ("Released data", "number"),
    ("Independent", "number"),
    ("Verdict", "number"),
)
TABLE = Markup(
    '<table class="cape-ledger">\n<caption class="visually-hidden">Claims of the paper, what was computed, '
    "and the verdict</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
)
ROW = Markup(
    '<tr id="{id}" data-section="{section}" data-verdict="{verdict}">'
    '<th scope="row" data-label="Claim" data-sort="{statement}">{statement}'
    '<span class="cape-meta">{quantity} <code>{claim}</code></span></th>'
    '<td data-label="Section" data-sort="{section} {place}">{link}<span class="cape-meta">{place}</span></td>'
    "{values}"
    '<td data-label="Verdict" data-sort="{rank}">{badge}{evidence}{reason}{how}</td></tr>\n'
)
VALUE = Markup('<td class="cape-value{empty}" data-label="{label}" data-sort="{sort}">{text}</td>')
LINK = Markup('<a href="{href}">{text}</a>')
NONE = Markup('<span class="cape-none">–</span>')


class LedgerDirective(SphinxDirective):
    """``{cape-ledger}``: all claims, as a table that needs no script."""

    def run(self) -> list[nodes.Node]:
        head = Markup("").join(
            Markup('<th scope="col" data-type="{}">{}</th>').format(kind, title) for title, kind in COLUMNS
        )
        body = Markup("").join(_row(self.env, row) for row in in_order(self.env))
        return [nodes.raw("", TABLE.format(head=head, body=body), format="html")]


class ClaimsDirective(SphinxDirective):
    """``{cape-claims} ID ID …``: these claims, with their verdicts, as a short list."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        by_id = {row["id"]: row for row in rows(self.env)}
        wanted = self.arguments[0].split()
        if strange := [name for name in wanted if name not in by_id]:
            raise self.error(f"no such claim: {', '.join(strange)}; they stand in data/paper_claims.csv")
        items = Markup("").join(_item(self.env, by_id[name]) for name in wanted)
        return [nodes.raw("", Markup('<ul class="cape-findings">\n{}</ul>\n').format(items), format="html")]


def _row(env: BuildEnvironment, row: dict) -> Markup:
    from capelib.claims import VERDICTS

    page = section_uri(env, row["section"])
    evidence = LINK.format(href=verdict_uri(env, row), text="see it computed") if row["anchor"] and page else ""
    return ROW.format(
        id=row_id(row["id"]),
        claim=row["id"],
        section=row["section"],
        verdict=row["verdict"],
        statement=row["statement"],
        quantity=row["quantity"],
        place=row["place"],
        link=LINK.format(href=page, text=row["section"]) if page else row["section"],
        values=Markup("").join(
            (
                _value("Paper", row["paper"], row["paper_value"], row["unit"]),
                _value("Released data", row["released"], _point(row.get("released_value"))),
                _value("Independent", row["independent"], _point(row.get("independent_value"))),
            )
        ),
        rank=VERDICTS.index(row["verdict"]),
        badge=badge(row["verdict"]),
        evidence=Markup(' <span class="cape-evidence">{}</span>').format(evidence) if evidence else "",
        reason=Markup("").join(Markup('<p class="cape-reason">{}</p>').format(told) for told in _told(row)),
        how=_how(row),
    )


def _told(row: dict) -> list[str]:
    from capelib.claims.display import SAME_NUMBERS

    same = f"Independent: {SAME_NUMBERS}." if row.get("same_numbers") else ""
    return [part for part in (row["reason"], row.get("off_by"), same, row.get("first_rule")) if part]


def _value(label: str, text: str, sort: float | None, unit: str = "") -> Markup:
    number, bracket, interval = text.partition(" [")
    shown = Markup("{}").format(number) if text else NONE
    if interval:
        shown += Markup(' <span class="cape-interval">{}</span>').format(bracket.strip() + interval)
    if unit and text:
        shown += Markup(' <span class="cape-unit">{}</span>').format(unit)
    return VALUE.format(label=label, sort="" if sort is None else sort, text=shown, empty="" if text else " cape-empty")


def _point(estimate: dict | None) -> float | None:
    return estimate["value"] if estimate else None


def _how(row: dict) -> Markup:
    from capelib.claims.display import READINGS, SEARCHED, counted

    parts = []
    for key, words in (("alternatives", READINGS), ("searched", SEARCHED)):
        if listed := row.get(key, []):
            items = Markup("").join(
                Markup("<li>{}: <b>{}</b>{}</li>").format(
                    each["name"], each["text"], " (passes)" if each["passes"] else ""
                )
                for each in listed
            )
            parts.append(Markup("<p>{}:</p><ul>{}</ul>").format(counted(listed, words), items))
    n_others = row["n_tried"] - bool(row["released"])
    count = f", {n_others} other computations" if n_others > 1 else ", 1 other computation" if n_others else ""
    tried = Markup("").join(parts)
    return Markup("<details><summary>Rule{}</summary><p>{}.</p>{}</details>").format(count, row["rule"], tried)


def _item(env: BuildEnvironment, row: dict) -> Markup:
    several = f"{row['n_tried']} readings tried" if row["n_tried"] > 1 else ""
    ours = (("released data", row["released"] or several), ("independent", row["independent"]))
    return Markup(
        '<li><a class="cape-finding" href="{href}"><span class="cape-finding-text">{statement}</span>'
        '<span class="cape-finding-values"><span>paper <b>{paper}</b> {unit}</span>{values}</span>{badge}</a></li>\n'
    ).format(
        href=verdict_uri(env, row),
        statement=row["statement"],
        paper=row["paper"],
        unit=row["unit"],
        values=Markup("").join(Markup("<span>{} <b>{}</b></span>").format(name, text) for name, text in ours if text),
        badge=badge(row["verdict"]),
    )
