"""Guard: who may ask, from which page, and how much; every answer leaves with strict headers.

A request enters before anything has read it. What comes under a foreign name (DNS rebinding), from
another site's page, without the token, or too long, leaves as a problem.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from stance.serve.problems import problem_response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_BODY = 2_000_000
BODY_SECONDS = 30.0
COOKIE = "stance_token"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


@dataclass(frozen=True)
class Door:
    """Who is let in.

    Parameters
    ----------
    names : frozenset of str
        Host names under which the app is asked for, in small letters, without port.
    any_address : bool
        Whether a bare IP address will do as a name. It cannot be rebound: there is no DNS in it.
    token : str
        What a caller must know; "" for nothing.
    """

    names: frozenset[str] = field(default_factory=lambda: frozenset(LOOPBACK))
    any_address: bool = False
    token: str = ""

    def knows(self, host: str) -> bool:
        """Tell whether the app goes by a name, as a Host header gives it.

        Examples
        --------
        >>> door = Door()
        >>> [door.knows(h) for h in ("localhost:8000", "[::1]:8000", "evil.example", "localhost@x")]
        [True, True, False, False]
        """
        name = split_port(host)
        return name in self.names or (self.any_address and _is_address(name))


def split_port(host: str) -> str:
    """Return the name in a Host header, without port and brackets, in small letters.

    Examples
    --------
    >>> split_port("[::1]:80"), split_port("LocalHost."), split_port("a:b")
    ('::1', 'localhost', '')
    """
    name, separator, port = host.strip().lower().rpartition(":")
    if not separator or host.endswith("]"):
        name, port = host.strip().lower(), ""
    if separator and not host.endswith("]") and not port.isdecimal():
        return ""
    if name.startswith("[") and name.endswith("]"):
        return name[1:-1]
    return "" if ":" in name else name.removesuffix(".")


def open_door(host: str, names: Iterable[str], token: str) -> Door:
    """Return who is let in by an app that listens on `host`.

    Parameters
    ----------
    host : str
        Address or name that it listens on.
    names : iterable of str
        Further names that it goes by.
    token : str
        What a caller must know; "" for nothing.

    Returns
    -------
    Door
    """
    known = {*LOOPBACK, host.lower().strip("[]"), *(name.lower() for name in names)}
    return Door(frozenset(known), not is_loopback(host), token)


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    name = host.lower().strip("[]")
    if name == "localhost":
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    """Tell whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Stands before an application.

    Parameters
    ----------
    app : callable
        The ASGI application.
    door : Door
        Who is let in.
    max_body : int, default=`MAX_BODY`
        Longest body, in bytes.
    """

    def __init__(self, app: App, door: Door, max_body: int = MAX_BODY) -> None:
        self.app = app
        self.door = door
        self.max_body = max_body

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _Headers(scope["headers"])
        asked = _asked_token(scope)
        sends = _with_headers(send, self._cookie(asked, scope))
        # Links from other sites may open a page; nothing of theirs may ask the API.
        is_guarded = scope["method"] not in SAFE_METHODS or scope["path"].startswith("/api/")
        refusal = self._refusal(headers, asked, is_guarded)
        body = b""
        if refusal is None:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await self._read_body(headers, receive)
            except TimeoutError:
                refusal = (408, f"the request did not arrive within {BODY_SECONDS:g} seconds")
            except _TooLongError:
                refusal = (413, f"the body is longer than {self.max_body} bytes; send less at once")
        if refusal is not None:
            extra = {"WWW-Authenticate": "Bearer"} if refusal[0] == 401 else None
            await problem_response(*refusal, extra)(scope, receive, sends)
            return
        await self.app(scope, _replay(body, receive), sends)

    def _refusal(self, headers: _Headers, asked: str, is_guarded: bool) -> tuple[int, str] | None:
        """Return status and reason where a request may not pass."""
        hosts = headers.every("host")
        if len(hosts) != 1 or not self.door.knows(hosts[0]):
            return 421, (
                f"this app does not go by the name {hosts[0][:80] if hosts else ''!r}; open it by "
                "the address that it printed, or name the host with --name"
            )
        if is_guarded and not _same_site(headers, hosts[0]):
            return 403, "a page of another site may not ask this; open the app itself"
        if self.door.token and not self._is_known(headers, asked):
            return 401, "no token, or a wrong one; open the address that the app printed"
        return None

    def _is_known(self, headers: _Headers, asked: str) -> bool:
        """Tell whether a request brings the token: as bearer, as cookie or in its address."""
        bearer = [h[7:] for h in headers.every("authorization") if h[:7].lower() == "bearer "]
        cookies = [value for header in headers.every("cookie") for value in _tokens(header)]
        found = [*bearer, *cookies, asked]
        wanted = self.door.token.encode()
        return any(hmac.compare_digest(token.strip().encode(), wanted) for token in found)

    def _cookie(self, asked: str, scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
        """Return the header that keeps a right token of the address in a cookie."""
        if not self.door.token or not hmac.compare_digest(asked.encode(), self.door.token.encode()):
            return []
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{COOKIE}={self.door.token}; Path=/; HttpOnly; SameSite=Strict{secure}"
        return [(b"set-cookie", cookie.encode())]

    async def _read_body(self, headers: _Headers, receive: Receive) -> bytes:
        """Return the whole body, unless it is too long."""
        declared = headers.every("content-length")
        if declared and declared[0].isdecimal() and int(declared[0]) > self.max_body:
            raise _TooLongError
        parts: list[bytes] = []
        length = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > self.max_body:
                raise _TooLongError
            if not message.get("more_body"):
                return b"".join(parts)


class _TooLongError(Exception):
    """A body is longer than allowed."""


class _Headers:
    """The headers of a request."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = [(name.lower(), value.decode("latin-1")) for name, value in raw]

    def every(self, name: str) -> list[str]:
        """Return each value of a header."""
        wanted = name.encode()
        return [value for found, value in self._raw if found == wanted]


def _same_site(headers: _Headers, host: str) -> bool:
    """Tell whether a request comes from the app's own page, or from no page at all."""
    origins = headers.every("origin")
    if origins:
        own = {f"http://{host}".lower(), f"https://{host}".lower()}
        return len(origins) == 1 and origins[0].lower() in own
    return all(site in ("same-origin", "none") for site in headers.every("sec-fetch-site"))


def _asked_token(scope: MutableMapping[str, Any]) -> str:
    """Return the token in the address of a page, or nothing."""
    if scope["method"] != "GET" or b"token=" not in scope.get("query_string", b""):
        return ""
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50)
    return str(query.get("token", [""])[0])


def _tokens(header: str) -> list[str]:
    """Return the token of a Cookie header."""
    try:
        cookie = SimpleCookie(header)
    except CookieError:
        return []
    return [cookie[COOKIE].value] if COOKIE in cookie else []


def _with_headers(send: Send, further: list[tuple[bytes, bytes]]) -> Send:
    """Return a sender that adds the headers of every answer."""

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            if not any(name.lower() == b"cache-control" for name, _ in own):
                own.append((b"cache-control", b"no-store"))
            message["headers"] = [*own, *HEADERS, *further]
        await send(message)

    return sends


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that hands out a body that was read."""
    is_sent = False

    async def receives() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receives
