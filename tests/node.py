"""Node for tests of the JavaScript reader: the one of the system."""

from __future__ import annotations

import os
import shutil

import pytest


def find_node() -> str:
    """Return the path of Node; skip the test without one, except in CI, where it fails."""
    path = shutil.which("node") or shutil.which("nodejs")
    if path:
        return path
    message = "no node; on Debian: apt-get install nodejs"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
