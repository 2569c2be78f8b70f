"""A chart in the book: a figure that reads without scripts and comes alive with them.

The figure holds a static SVG, the specification that ``charts.js`` draws from, the description as caption, and
links to what the chart was made of: its tables, its cell, its notebook.
"""

import json

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from capelib import paths
from capelib.charts.theme import GREY
from capelib.present import static_svg

LOGGER = logging.getLogger(__name__)

FIGURE = Markup(
    '<figure class="cape-chart" id="{id}">\n'
    '<div class="cape-stage"><div class="cape-static">{svg}</div></div>\n'
    '<script type="application/json" class="cape-spec">{spec}</script>\n'
    '<figcaption><p class="cape-caption">{description}</p><ul class="cape-sources">{links}</ul></figcaption>\n'
    "</figure>\n"
)
LINK = Markup('<li><a href="{href}"{attributes}>{text}</a></li>')
DOWNLOAD = Markup(" download")
# several legends one below the other; shapes in a colour that both modes show
LEGEND = {
    "layout": {"top": {"direction": "vertical", "anchor": "start", "margin": 4}},
    "symbolBaseFillColor": GREY,
    "symbolBaseStrokeColor": GREY,
}


class cape_chart(nodes.General, nodes.Element):
    """Doctree node of one chart; the builder's visitor writes it."""


def chart_figure(spec: dict, cell_index: int | None) -> cape_chart:
    """The node for a Vega-Lite specification."""
    config = spec.get("config", {})
    spec = {**spec, "config": {**config, "legend": {**LEGEND, **config.get("legend", {})}}}
    node = cape_chart(spec=spec, svg=static_svg(spec), cell=cell_index)
    node["classes"] = ["output"]
    return node


def cell_id(index: int | None) -> str:
    """HTML id of the input of a notebook's cell."""
    return f"cell-{index}"


def give_ids(app: Sphinx, doctree: nodes.document) -> None:
    """On ``doctree-read``: an id for every chart and every cell's input, so that one can link to them."""
    for number, chart in enumerate(doctree.findall(cape_chart), start=1):
        chart["ids"] = [f"figure-{number}"]
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and "cell_index" in node):
        for part in cell.children:
            # on the input itself: a browser opens the folded cell around the target of a link
            if isinstance(part, nodes.container) and part.get("nb_element") == "cell_code_source":
                part["ids"].append(cell_id(cell["cell_index"]))


def visit_html(writer: HTML5Translator, node: cape_chart) -> None:
    """Write the figure; the node has no children."""
    spec = node["spec"]
    # "</" would end the script element early
    body = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    writer.body.append(
        FIGURE.format(
            id=node["ids"][0],
            svg=Markup(node["svg"]),
            spec=Markup(body),
            description=spec.get("description", ""),
            links=Markup("").join(_links(writer, node)),
        )
    )
    raise nodes.SkipNode


def visit_other(writer: nodes.NodeVisitor, node: cape_chart) -> None:
    """Every other builder gets the description."""
    raise nodes.SkipNode


def _links(writer: HTML5Translator, node: cape_chart) -> list[Markup]:
    builder, docname = writer.builder, writer.builder.current_docname
    root = "../" * docname.count("/")
    links = []
    for name in node["spec"].get("usermeta", {}).get("cape", {}).get("tables", []):
        file = f"{name}.csv"
        if not (paths.data_dir() / file).is_file():
            LOGGER.warning("a chart names the table %r, which is not in data/", name, location=docname)
            continue
        links.append(LINK.format(href=f"{root}_static/data/{file}", attributes=DOWNLOAD, text=f"Data: {file}"))
    cell = cell_id(node["cell"])
    if any(cell in part["ids"] for part in node.document.findall(nodes.container)):
        links.append(LINK.format(href=f"#{cell}", attributes="", text="Code"))
    source = f"{docname}.ipynb"
    if (builder.srcdir / source).is_file():
        links.append(LINK.format(href=f"{root}_sources/{source}", attributes=DOWNLOAD, text="Notebook"))
    return links
