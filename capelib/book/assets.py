"""The site's own copies of what pages would otherwise fetch from elsewhere, and of the tables."""

import importlib
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from capelib import paths
from capelib.book.figure import cape_chart
from capelib.files import write_text

MATHJAX = "tex-chtml-full.js"  # TeX in, HTML and CSS out, every TeX package inside the one file
FONTS = "output/chtml/fonts"


def collect(app: Sphinx) -> None:
    """On ``builder-inited``: put Vega, MathJax and the tables where Sphinx looks for static files."""
    folder = Path(app.srcdir) / "_build" / "cape" / "static"
    _vega(folder)
    _mathjax(folder / "mathjax")
    _tables(folder / "data")
    app.config.html_static_path.append(str(folder))


def load_scripts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """On ``html-page-context``: give a page the scripts of what it holds, and no others."""
    if doctree is None:
        return
    if next(doctree.findall(cape_chart), None) is not None:
        app.add_js_file("vega-bundle.js", loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")
    if 'class="cape-ledger' in context.get("body", ""):
        app.add_js_file("ledger.js", loading_method="defer")
    if 'class="cape-models' in context.get("body", ""):
        app.add_js_file("models.js", loading_method="defer")


def _vega(folder: Path) -> None:
    import vl_convert

    bundle = folder / "vega-bundle.js"
    made_by = f"// vl-convert {vl_convert.__version__}\n"  # a new one brings a new Vega
    if bundle.is_file() and bundle.read_text(encoding="utf-8").startswith(made_by):
        return
    code = vl_convert.javascript_bundle(vl_version=vl_convert.get_vegalite_versions()[-1])
    # Written as a module: its top-level names would clash with Sphinx's own (`_`), and type="module" fails on file://
    write_text(bundle, f"{made_by}(() => {{\n{code}\n}})();\n")


def _mathjax(folder: Path) -> None:
    if (folder / MATHJAX).is_file():
        return
    # the distribution's module has a hyphen in its name
    package = Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent / "static" / "mathjax"
    shutil.copytree(package / FONTS, folder / FONTS, dirs_exist_ok=True)
    shutil.copy(package / MATHJAX, folder / MATHJAX)  # last: its presence says that all is there


def _tables(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {table.name: table for table in paths.data_dir().glob("*.csv")}
    for old in folder.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, table in wanted.items():
        shutil.copy(table, folder / name)
