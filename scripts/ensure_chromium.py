"""Find the Chromium that the browser tests drive; install Debian's where that is allowed.

Prints the path of the browser, or one line that says why there is none. Without a browser the browser tests are
skipped, which is a failure only where CI=true.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "CAPE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """Path of a Chromium or Chrome: the one that CAPE_CHROMIUM names, one on PATH, or macOS's."""
    if named := os.environ.get(VARIABLE):
        return shutil.which(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if MAC.is_file() else None)


def install() -> bool:
    """Install Debian's Chromium, if this is Debian and we are root; whether it worked."""
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", "--quiet", *step], env=environment, stdout=sys.stderr, check=False)
        if done.returncode:
            return False
    return True


def main() -> int:
    """Print what was found; exit with 1 only if a browser must be there and is not."""
    path = find() or (find() if install() else None)
    if path:
        print(path)
        return 0
    print(f"no Chromium found and none can be installed here: browser tests will be skipped (or set {VARIABLE})")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
