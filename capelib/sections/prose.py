"""MyST prose of a section, made to stand alone: glue filled in, references to the rest of the book put into words.

Where the environment names the published book (`SITE_VARIABLE`), its pages are linked to; else they are named.
"""

import os
import re
from collections.abc import Mapping
from functools import cache

from capelib import paths
from capelib.present import GLUE_PREFIX

# what docutils itself understands; everything else belongs to the book
ROLES = {"math", "sub", "sup", "code", "emphasis", "strong", "abbreviation"}
DIRECTIVES = {
    "note", "warning", "tip", "hint", "important", "caution", "danger", "error", "attention", "admonition",
    "math", "figure", "image", "table", "list-table", "csv-table", "topic", "sidebar", "epigraph", "rubric",
    "container",
}  # fmt: skip
ROLE = re.compile(r"\{(?P<role>[\w:.+-]+)\}`(?P<text>[^`]+)`")
FENCE = re.compile(
    r"^(?P<fence>\s*(?:`{3,}|:{3,}))\{(?P<name>[\w:.+-]+)\}[ \t]*(?P<title>.*)$(?P<options>(?:\n\s*:[\w-]+:.*$)*)",
    re.M,
)
KEY = re.compile(r"([A-Za-z]+?)(\d{4})[a-z]?")
SITE_VARIABLE = "CAPE_SITE_URL"
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def glued(cells: list[dict]) -> dict[str, str]:
    """The formatted numbers that an executed notebook publishes, by name."""
    found = {}
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        if name:
            text = "".join(output["data"].get(f"{GLUE_PREFIX}text/plain", ""))
            found[name] = text.strip("'\"")
    return found


def alone(markdown: str, glue: Mapping[str, str]) -> str:
    """Markdown that plain MyST understands without the rest of the book.

    Glued numbers become text, references the words they show, directives of Sphinx's plain boxes, and links to
    other pages of the book plain text. A paragraph with a number that the notebook did not publish goes: it speaks
    of a part that was left out for these data, and the reason stands in that part's place.
    """
    markdown = "\n\n".join(block for block in markdown.split("\n\n") if not _missing(block, glue))
    markdown = ROLE.sub(lambda match: _role(match, glue), markdown)
    markdown = FENCE.sub(_directive, markdown)
    return LINK.sub(_link, markdown)


def _role(match: re.Match, glue: Mapping[str, str]) -> str:
    role, text = match["role"], match["text"].strip()
    if role in ROLES:
        return match[0]
    if role.startswith("glue"):
        return glue[_glue_name(text)]
    shown = re.sub(r"\s*<[^>]*>$", "", text)
    if role.startswith("cite"):
        return _cited(shown, in_text=role.endswith(":t"))
    words = shown if shown != text else _words(shown)
    target = _page_of(re.sub(r"^.*<([^>]*)>$", r"\1", text)) if role in ("doc", "ref") else ""
    return f"[{words}]({target})" if target else words


def _cited(keys: str, in_text: bool) -> str:
    """Authors and year for ``mckenzie2023,lin2022``, with a link where the bibliography has one."""
    named = [_author_year(key.strip()) for key in keys.split(",")]
    if in_text:
        return " and ".join(_linked(f"{authors} ({year})", url) for authors, year, url in named)
    return f"({'; '.join(_linked(f'{authors}, {year}', url) for authors, year, url in named)})"


def _linked(words: str, url: str) -> str:
    return f"[{words}]({url})" if url else words


def _author_year(key: str) -> tuple[str, str, str]:
    entry = _bibliography().get(key)
    if entry is None:  # a wheel has no bibliography; the key says nearly as much
        parts = KEY.fullmatch(key)
        return (parts[1].capitalize(), parts[2], "") if parts else (key, "n.d.", "")
    names = [" ".join((*person.prelast_names, *person.last_names)).strip("{}") for person in entry.persons["author"]]
    authors = names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
    doi = entry.fields.get("doi", "")
    url = entry.fields.get("url", f"https://doi.org/{doi}" if doi else "")
    return authors, entry.fields["year"], url


@cache
def _bibliography() -> dict:
    file = paths.CLONE / "book" / "references.bib"
    if not (paths.in_clone() and file.is_file()):
        return {}
    from pybtex.database import parse_file

    return dict(parse_file(file).entries)


def _page_of(target: str) -> str:
    """Where a page or a section's label is on the published site; "" if the environment names no site.

    >>> _page_of("/notebooks/data")
    ''
    """
    site = os.environ.get(SITE_VARIABLE, "").rstrip("/")
    label = re.fullmatch(r"sec-(\w+)(-[\w-]+)?", target)
    if not site or not (label or target.startswith("/")):
        return ""
    return f"{site}/notebooks/{label[1]}.html#{target}" if label else f"{site}{target.removesuffix('.md')}.html"


def _glue_name(text: str) -> str:
    return text.strip().rpartition("::")[2].partition(":")[0]


def _missing(block: str, glue: Mapping[str, str]) -> bool:
    roles = ROLE.finditer(block)
    return any(role["role"].startswith("glue") and _glue_name(role["text"]) not in glue for role in roles)


def _directive(match: re.Match) -> str:
    name, title = match["name"], match["title"].strip()
    if name in DIRECTIVES:
        return match[0]
    if title or name == "seealso":
        return f"{match['fence']}{{admonition}} {title or 'See also'}"
    return f"{match['fence']}{{container}}"


def _link(match: re.Match) -> str:
    text, target = match["text"], match["target"]
    if re.match(r"https?://|mailto:", target):
        return match[0]
    return text or _words(target)


def _words(target: str) -> str:
    # "sec-coupling" and "../book/ledger.md" both name a page
    stem = target.lstrip("#~!").rpartition("/")[2].removesuffix(".md").removesuffix(".ipynb")
    return re.sub(r"^(sec|fig|eq|tab)-", "", stem).replace("-", " ")
