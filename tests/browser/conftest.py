"""The built site, served on this machine, in a headless Chromium that reaches nothing else."""

import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from .visit import Visit

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("CAPE_SITE", ROOT / "_build" / "html"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # this machine is all there is
]


def _chromium() -> str | None:
    # scripts/ is no package
    spec = importlib.util.spec_from_file_location("ensure_chromium", ROOT / "scripts" / "ensure_chromium.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.find()


CHROMIUM = _chromium()
SKIPPED = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium leave the browser tests out, unless CI=true, where they fail."""
    if CHROMIUM is None and os.environ.get("CI") != "true":
        out = [item for item in items if item.get_closest_marker("browser")]
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        config.stash[SKIPPED] = len(out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out."""
    if number := terminalreporter.config.stash.get(SKIPPED, 0):
        terminalreporter.write_line(
            f"SKIPPED [{number}] tests/browser: no Chromium found; install one or set CAPE_CHROMIUM"
        )


def pages() -> list[str]:
    """Every page of the site, by its path; the root page only forwards to the home page."""
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return sorted(p.as_posix() for p in found if "_static" not in p.parts and p.as_posix() != "index.html")


def pages_with(text: str) -> list[str]:
    """The pages whose source contains `text`."""
    return [page for page in pages() if text in (SITE / page).read_text(encoding="utf-8")]


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.fail(f"no site in {SITE}: run make book", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole session."""
    if CHROMIUM is None:
        pytest.fail("no Chromium, and CI=true admits no skipped test: install one or set CAPE_CHROMIUM", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with its closing slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Open a page: ``visit("book/ledger.html", width=390, scripts=False)``. Closed when the module is done."""
    opened: list[Visit] = []

    def opener(path: str, **options: object) -> Visit:
        for other in opened:  # one page at a time keeps the browser small
            other.close()
        opened[:] = [Visit(browser, address, path, **options)]
        return opened[0]

    yield opener
    for each in opened:
        each.close()
