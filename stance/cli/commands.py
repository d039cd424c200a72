"""All commands, registered with the application in the order in which --help lists them."""

from __future__ import annotations

import stance.cli.labels  # isort: skip
import stance.cli.models  # isort: skip
import stance.cli.answers  # isort: skip
import stance.cli.scoring  # isort: skip
import stance.cli.reports  # isort: skip
import stance.cli.agreement  # isort: skip
import stance.cli.exchange  # isort: skip
import stance.cli.serving  # noqa: F401  # isort: skip
from stance.cli.application import app

__all__ = ["app"]
