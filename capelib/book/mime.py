"""The notebook outputs of this edition, as myst-nb meets them: Vega-Lite charts and the records of claims."""

import json
from typing import ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer

from capelib.book.figure import chart_figure
from capelib.claims.display import RECORD_MIME
from capelib.present import VEGALITE_MIME


class VegaLite:
    """Plugin of the entry point ``myst_nb.mime_renderers``."""

    # ahead of the SVG that travels in the same output, for builders that write HTML
    mime_priority_overrides: ClassVar = [("html", VEGALITE_MIME, 1)]

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Turn a chart into a figure; drop the ledger's records, which nobody reads; leave the rest alone (None)."""
        if data.mime_type == RECORD_MIME:
            return []
        if data.mime_type != VEGALITE_MIME or inline:
            return None
        spec = data.content if isinstance(data.content, dict) else json.loads(data.string)
        return [chart_figure(spec, data.cell_index)]
