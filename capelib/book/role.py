"""The role ``verdict``: a verdict in running text, drawn as everywhere else."""

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from capelib.book.rows import badge
from capelib.claims import VERDICTS


class VerdictRole(SphinxRole):
    """``{verdict}`reproduced` ``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in VERDICTS:
            message = self.inliner.reporter.error(f"no such verdict: {self.text}; allowed: {', '.join(VERDICTS)}")
            return [], [message]
        return [nodes.raw("", badge(self.text), format="html")], []
