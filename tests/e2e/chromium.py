"""Chromium for the browser tests: found on the machine, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Without the background flags a headless Chromium looks up its maker's hosts at every start.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """Return a Chromium to drive: $CHROMIUM, one on the PATH, or Debian's package installed now (as root).

    Raises RuntimeError that says what to do where none can be had.
    """
    chosen = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if chosen:
        return chosen
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"], check=True)
        installed = shutil.which("chromium")
        if installed:
            return installed
    raise RuntimeError(
        "The browser tests need Chromium: install the package “chromium” (Debian, Ubuntu), or set CHROMIUM to its path."
    )
