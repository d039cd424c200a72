"""A headless Chromium for tests: the one of the system, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Return the path of a Chromium; skip the test without one, except in CI, where it fails."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    message = f"no browser among {', '.join(NAMES)}; on Debian: apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def open_browser() -> Iterator:
    """Start a browser for a block of tests."""
    path = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()
