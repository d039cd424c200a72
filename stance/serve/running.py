"""Running: the app is put on an address and served until it is interrupted.

Folders and an address enter; nothing leaves but pages. Beyond this machine it is served only to
those who know the token.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Sequence

import uvicorn

from stance.errors import StanceError
from stance.serve.application import create_app
from stance.serve.guard import Guard, is_loopback, open_door
from stance.serve.workspace import Places, Workspace

MAX_CONNECTIONS = 400


def serve_app(
    places: Places,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    names: Sequence[str] = (),
    token: str | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] = lambda message: None,
) -> None:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    places : Places
        Where articles, labels and model are.
    host : str, default="127.0.0.1"
        Address to listen on. Any but the loopback address asks callers for the token.
    port : int, default=8000
        Port; 0 for any that is free.
    names : sequence of str, optional
        Further names that the app goes by.
    token : str, optional
        The token; by default a new one.
    jobs : int, optional
        Processes that training may use; all cores but one by default.
    tell : callable, optional
        Told of the address, and of what was mended.

    Raises
    ------
    StanceError
        If the address is taken or is not one of this machine.
    """
    needs_token = token is not None or not is_loopback(host)
    token = (token or secrets.token_urlsafe(24)) if needs_token else ""
    workspace = Workspace(places, jobs or max(1, (os.cpu_count() or 2) - 1), tell)
    further = [*names, *([] if is_loopback(host) else [socket.gethostname(), socket.getfqdn()])]
    app = create_app(workspace, open_door(host, further, token))
    with open_socket(host, port) as listener:
        tell(f"stance is at {_address(host, listener.getsockname()[1], token)} (Ctrl-C ends it)")
        # Ctrl-C is how a server ends.
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(workspace):
            uvicorn.Server(configure(app)).run(sockets=[listener])


def configure(app: Guard) -> uvicorn.Config:
    """Return how an app is served: without a log of addresses, which may hold the token."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        ws="none",
    )


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    StanceError
        If the address is taken or is not one of this machine.
    """
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once instead of after 40 ms (Nagle).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((name, port))
    except OSError as error:
        listener.close()
        raise StanceError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}. Choose another "
            "with --port or --host."
        ) from error
    listener.listen(512)
    return listener


def _address(host: str, port: int, token: str) -> str:
    """Return the address to open."""
    shown = host.strip("[]")
    if shown in ("0.0.0.0", "::"):
        shown = socket.gethostname()
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
