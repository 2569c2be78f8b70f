"""The directive ``cape-says``: a command of `cape` that goes wrong, with what it really answers."""

import io
import shlex
from contextlib import redirect_stderr

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class SaysDirective(SphinxDirective):
    """``{cape-says} ARGUMENTS``: the command line and its error, taken from the command itself."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        from capelib.cli import main

        answer = io.StringIO()
        with redirect_stderr(answer):
            if main(shlex.split(self.arguments[0])) != 2:
                raise self.error(f"cape {self.arguments[0]} is no mistake of the user's; only those are shown")
        text = f"$ cape {self.arguments[0]}\n{answer.getvalue().rstrip()}"
        return [nodes.literal_block(text, text, language="console", classes=["cape-says"])]
