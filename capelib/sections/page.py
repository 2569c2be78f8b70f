"""An executed section as one HTML file that needs no network: charts live and as SVG, mathematics as MathML."""

import json
import re
from collections.abc import Iterator
from html import escape
from string import Template

from capelib import __version__
from capelib.claims.display import RECORD_MIME
from capelib.parameters import panel_name
from capelib.present import GLUE_PREFIX, VEGALITE_MIME, static_svg
from capelib.sections.page_style import CSS, ENLIVEN, PAGE
from capelib.sections.prose import alone, glued
from capelib.sections.source import Section

RAW = "`" * 24  # longer than any fence inside a cell
LEGEND = {"layout": {"top": {"direction": "vertical", "anchor": "start", "margin": 4}}}  # one below the other
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def page(section: Section, notebook: dict, values: dict[str, object]) -> str:
    """HTML of an executed notebook (its JSON); `values` are the parameters that were given."""
    cells = notebook["cells"]
    glue = glued(cells)
    parts = [_markdown(cell, glue) if cell["cell_type"] == "markdown" else _code(cell) for cell in cells]
    body = _html("\n\n".join(parts))
    values = {name: panel_name(value) if name == "panel" else value for name, value in values.items()}
    given = ", ".join(f"{name}={value}" for name, value in values.items()) or "default parameters"
    scripts = f"<script>{_vega()}</script><script>{ENLIVEN}</script>" if 'class="chart"' in body else ""
    return Template(PAGE).substitute(
        title=escape(f"{section.name}: {given}"),
        css=CSS + _highlighting(),
        head=_head(section, values),
        body=body,
        scripts=scripts,
        version=__version__,
    )


def _markdown(cell: dict, glue: dict[str, str]) -> str:
    return alone(_text(cell["source"]), glue)


def _code(cell: dict) -> str:
    tags = set(cell["metadata"].get("tags", []))
    if tags & {"remove-cell", "parameters", "injected-parameters"}:
        return ""  # the parameters stand at the head of the page
    source = "" if "remove-input" in tags else _input(_text(cell["source"]))
    results = "" if "remove-output" in tags else "".join(_outputs(cell))
    if tags & {"hide-input", "hide-cell"} and source:
        source = f"<details class='input'><summary>{_name(cell)}</summary>{source}</details>"
    if tags & {"hide-output", "hide-cell"} and results:
        results = f"<details><summary>Output</summary>{results}</details>"
    return f"{RAW}{{raw}} html\n<div class='cell'>{source}{results}</div>\n{RAW}" if source or results else ""


def _name(cell: dict) -> str:
    # what a folded cell's code is for, so that no two folds in a row look the same
    if "present.setup()" in _text(cell["source"]):
        return "Code: imports"
    made = [output["data"] for output in cell.get("outputs", []) if "data" in output]
    for mime, name in ((VEGALITE_MIME, "the chart"), (RECORD_MIME, "the verdict"), ("text/html", "the table")):
        if any(mime in data for data in made):
            return f"Code of {name}"
    return "Code"


def _input(code: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(code, PythonLexer(), HtmlFormatter(cssclass="code")) if code.strip() else ""


def _outputs(cell: dict) -> Iterator[str]:
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            yield f"<pre class='{output['name']}'>{escape(ANSI.sub('', _text(output['text'])))}</pre>"
        elif "data" in output:
            shown = _shown({mime: value for mime, value in output["data"].items() if not mime.startswith(GLUE_PREFIX)})
            yield f"<div class='output'>{shown}</div>" if shown else ""


def _shown(data: dict) -> str:
    if VEGALITE_MIME in data:
        return _chart(data[VEGALITE_MIME])
    for mime in ("text/html", "image/svg+xml"):
        if mime in data:
            return _text(data[mime])
    if "image/png" in data:
        return f"<img alt='' src='data:image/png;base64,{_text(data['image/png']).strip()}'>"
    return f"<pre>{escape(ANSI.sub('', _text(data['text/plain'])))}</pre>" if "text/plain" in data else ""


def _chart(spec: dict) -> str:
    config = spec.get("config", {})
    spec = {**spec, "config": {**config, "legend": {**LEGEND, **config.get("legend", {})}}}
    body = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<figure class="chart"><div class="stage">{static_svg(spec)}</div>'
        f'<script type="application/json">{body}</script>'
        f"<figcaption>{escape(spec.get('description', ''))}</figcaption></figure>"
    )


def _head(section: Section, values: dict[str, object]) -> str:
    rows = "".join(
        f"<tr{' class=given' if name in values else ''}><th scope='row'>{escape(name)}</th>"
        f"<td>{escape(str(values.get(name, declared.default)))}</td><td>{escape(declared.help)}</td></tr>"
        for name, declared in section.parameters.items()
    )
    return f"<details open><summary>Parameters of this run</summary><table><tbody>{rows}</tbody></table></details>"


def _html(markdown: str) -> str:
    from docutils.core import publish_parts
    from myst_parser.parsers.docutils_ import Parser

    settings = {
        "math_output": "MathML",
        "myst_enable_extensions": ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"],
        "doctitle_xform": False,
        "initial_header_level": 1,
        "embed_stylesheet": False,
        "file_insertion_enabled": False,
        "line_length_limit": 1 << 30,  # a drawing is one long line
        "report_level": 5,  # what plain MyST does not know is shown as it stands
        "halt_level": 5,
    }
    return publish_parts(markdown, parser=Parser(), writer_name="html5", settings_overrides=settings)["body"]


def _highlighting() -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _vega() -> str:
    import vl_convert

    bundle = vl_convert.javascript_bundle(vl_version=vl_convert.get_vegalite_versions()[-1])
    return "(() => {" + bundle.replace("</script", "<\\/script") + "\n})();"


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)
