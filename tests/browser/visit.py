"""One page of the site, open in the browser, with a record of everything that went wrong on the way."""

from playwright.sync_api import Browser, ConsoleMessage, Request
from playwright.sync_api import TimeoutError as Late

NARROW, WIDE = 390, 1400
SETTLED = """() =>
  [...document.querySelectorAll('figure.cape-chart')].every(f => f.dataset.live) &&
  (!document.querySelector('.math') || !!document.querySelector('mjx-container'))"""


class Visit:
    """A page at an address, ``http://…/`` or ``file://…/``; requests to others, which cannot be met, are noted."""

    def __init__(
        self, browser: Browser, address: str, path: str, width: int = WIDE, scheme: str = "light", scripts: bool = True
    ) -> None:
        self.address, self.path, self.width = address, path, width
        self.refused: list[str] = []
        self.errors: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",  # else colours are measured half-way through a change of mode
        )
        self._context.set_default_timeout(15_000)
        self.page = self._context.new_page()
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address + path, wait_until="load")
        if scripts:
            self._settle()

    def scheme(self, name: str) -> None:
        """Switch the system between "light" and "dark"; the page follows."""
        self.page.emulate_media(color_scheme=name)
        self.page.wait_for_function("name => document.documentElement.dataset.theme === name", arg=name)

    def close(self) -> None:
        """Close the page."""
        self._context.close()

    def _settle(self) -> None:
        # A chart that never comes alive is for a test to report, with its own words.
        try:
            self.page.wait_for_function(SETTLED, timeout=10_000)
        except Late:
            self.errors.append("charts or mathematics were not drawn within 10 seconds")
        self.page.evaluate("() => window.MathJax?.startup?.promise")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.refused.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)
