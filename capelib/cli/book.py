"""Commands that build and show the book."""

from typing import Annotated

import typer

from capelib.cli.output import how_to_build


def build(
    force: Annotated[bool, typer.Option("--force", help="Execute every section, changed or not.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="How many sections at a time.")] = 2,
    site: Annotated[bool, typer.Option("--site/--no-site", help="Build the site, or stop at the ledger.")] = True,
) -> None:
    """Execute the sections that changed, collect the claims' verdicts, build the site; prints its index page last."""
    from capelib.cli.progress import progress
    from capelib.sections.build import build as bring_up_to_date

    with progress(every_cell=False) as on_cell:
        index = bring_up_to_date(lambda line: print(line, flush=True), force, jobs, site, on_cell)
    if index:
        print(index)


def serve(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = 8000,
) -> None:
    """Serve the built site on this machine until interrupted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    from capelib import paths
    from capelib.errors import InputError

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: a line for every picture helps nobody."""

    site = paths.build_dir() / "html"
    if not (site / "index.html").is_file():
        raise InputError(f"there is no site in {site}; build it with: {how_to_build()}")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(site)))
    except OSError as error:
        raise InputError(f"port {port} cannot be used ({error.strerror}); take another: cape serve --port 0") from None
    with server:
        print(f"http://127.0.0.1:{server.server_port}/ serves {site}; stop with Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
