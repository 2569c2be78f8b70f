"""Sphinx extension of the book: charts and mathematics that need no network, the ledger, small repairs."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    """Register everything; each module does one thing."""
    from capelib import __version__
    from capelib.book import assets, console, figure, ledger, reference, repairs, repository, role, strip

    app.add_node(
        figure.cape_chart,
        html=(figure.visit_html, None),
        latex=(figure.visit_other, None),
        text=(figure.visit_other, None),
    )
    app.add_directive("cape-ledger", ledger.LedgerDirective)
    app.add_directive("cape-claims", ledger.ClaimsDirective)
    app.add_directive("cape-counts", strip.CountsDirective)
    app.add_directive("cape-says", console.SaysDirective)
    app.add_role("verdict", role.VerdictRole())
    app.connect("config-inited", repository.configure, priority=100)  # before the theme reads its options
    app.connect("config-inited", lambda _app, config: config.myst_substitutions.update(version=__version__))
    app.connect("builder-inited", assets.collect)
    app.connect("doctree-read", figure.give_ids)
    app.connect("autodoc-process-docstring", reference.escape_docstring, priority=100)  # before napoleon reads it
    app.connect("missing-reference", reference.find_reexport)
    app.connect("doctree-read", strip.head_of_section)
    app.connect("html-page-context", assets.load_scripts)
    app.connect("html-page-context", repairs.repair_page, priority=900)  # after the theme has filled the page
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
