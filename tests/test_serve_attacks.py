"""What a hostile page, a foreign name or a clumsy client sends, and what it gets."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys

import pytest

pytest.importorskip("fastapi")

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Server, copy_corpus, serving

from stance.serve.guard import MAX_BODY, POLICY, Door, is_loopback, open_door, split_port

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def folder(corpus_folder, tmp_path_factory):
    return copy_corpus(corpus_folder, tmp_path_factory.mktemp("attacked"))


@pytest.fixture(scope="module")
def server(folder, model_folder):
    with serving(folder, model_folder) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(folder, model_folder):
    with serving(folder, model_folder, door=open_door("0.0.0.0", [], TOKEN)) as running:
        yield running


def ask(server, method, path, headers=(), body=b""):
    """Send a request as it stands, without a client's help."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = (answer.status, dict(answer.getheaders()), answer.read())
    connection.close()
    return found


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example",
        "localhost@evil.example", "evil.example#localhost", "127.0.0.1:80:80", "", "127.0.0.2",
        "[::1", "127.0.0.1:x", "0x7f.1", "10.0.0.1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/articles", "/static/app.js"])
def test_foreign_host_is_refused(server, host, path):
    status, _, body = ask(server, "GET", path, [("Host", host.format(port=server.port))])
    # uvicorn's own parser refuses some that are no host at all.
    assert status in (400, 421)
    assert b"articles" not in body


def test_no_host_and_two_hosts_are_refused(server):
    assert ask(server, "GET", "/api/status")[0] in (400, 421)
    both = [("Host", "localhost"), ("Host", "evil.example")]
    assert ask(server, "GET", "/api/status", both)[0] in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:1"])
def test_own_names_are_known(server, host):
    host = host.format(port=server.port)
    assert ask(server, "GET", "/api/status", [("Host", host)])[0] == 200


@given(st.text(alphabet="abc.:[]@/0123456789 \tlocalhost", max_size=30))
def test_only_known_names_pass(host):
    if Door().knows(host):
        assert split_port(host) in ("localhost", "127.0.0.1", "::1")


def test_addresses_are_names_only_beyond_loopback():
    assert not open_door("127.0.0.1", [], "").knows("192.168.0.7:8000")
    door = open_door("0.0.0.0", ["desk.example"], TOKEN)
    assert door.knows("192.168.0.7:8000") and door.knows("desk.example")
    assert not door.knows("evil.example")
    loopback = [is_loopback(h) for h in ("localhost", "127.1.2.3", "::1", "[::1]")]
    assert loopback == [True] * 4
    assert not any(is_loopback(h) for h in ("0.0.0.0", "::", "192.168.0.7", "example.org", ""))


WRITES = [
    ("POST", "/api/predict"), ("POST", "/api/labels"), ("POST", "/api/labels/export"),
    ("POST", "/api/train"), ("DELETE", "/api/labels/decision-1"),
]  # fmt: skip
FOREIGN = [
    [("Origin", "http://evil.example")],
    [("Origin", "null")],
    [("Origin", "http://localhost:1")],
    [("Origin", "http://127.0.0.1.evil.example")],
    [("Origin", "http://127.0.0.1"), ("Origin", "http://evil.example")],
    [("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "same-site")],
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("headers", FOREIGN)
def test_writes_of_other_sites_are_refused(server, method, path, headers):
    own = [("Host", f"127.0.0.1:{server.port}"), ("Content-Type", "application/json")]
    status, _, body = ask(server, method, path, [*own, *headers], b"{}")
    assert status == 403
    assert json.loads(body)["title"] == "Forbidden"


def test_own_page_may_write(server):
    headers = {"Origin": server.origin, "Sec-Fetch-Site": "same-origin"}
    answer = server.client.post("/api/predict", json={"text": "Ann Lee left."}, headers=headers)
    assert answer.status_code == 200


def test_form_of_another_site_cannot_pass_for_json(server):
    body = '{"text": "Ann Lee left."}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = server.client.post("/api/predict", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422


def test_no_other_site_may_read(server):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = server.client.request(method, "/api/status", headers=headers)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]
    image = server.client.get(
        "/api/labels/queue?annotator=x", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert image.status_code == 403
    link = server.client.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert link.status_code in (200, 404)


@pytest.mark.parametrize("path", ["/", "/review", "/static/x", "/api/status", "/api/openapi.json"])
def test_token_is_asked_for_everywhere(guarded, path):
    answer = guarded.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": "stance_token=wrong"}, {"Cookie": "stance_token="},
        {"Cookie": f"other={TOKEN}"}, {"Cookie": '"'}, {"Authorization": "Bearer \u00e9".encode()},
    ],
)  # fmt: skip
def test_wrong_token_is_refused(guarded, headers):
    assert guarded.client.get("/api/status", headers=headers).status_code == 401


def test_token_opens(guarded):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.client.get("/api/status", headers=bearer).status_code == 200
    with httpx.Client(base_url=guarded.origin) as browser:
        first = browser.get("/api/status", params={"token": TOKEN})
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
        assert browser.get("/api/status").status_code == 200
        assert "set-cookie" not in browser.get("/api/status?token=wrong").headers
        # A cookie does not make another site's page welcome.
        answer = browser.post("/api/train", headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
    assert guarded.client.post(f"/api/labels/export?token={TOKEN}").status_code == 401


def test_loopback_needs_no_token_and_another_address_prints_one(folder, model_folder):
    server = Server(folder, model_folder, "--host", "0.0.0.0")
    try:
        assert len(server.token) >= 30
        local = f"http://127.0.0.1:{server.port}/api/status"
        assert httpx.get(local).status_code == 401
        assert httpx.get(local, params={"token": server.token}).status_code == 200
    finally:
        server.close()


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/status", "/api/articles/x", "/api/train"])
def test_every_answer_has_the_headers(server, path):
    answer = server.client.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers
    refused = ask(server, "GET", path, [("Host", "evil.example")])[1]
    assert refused["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/labels/reviewed", "/etc/passwd",
        "article-1.txt", "....//article-1", "article-1%00", "C:\\article-1", "../raw/article-1",
    ],
)  # fmt: skip
def test_no_path_reaches_the_disk(server, name):
    own = [("Host", f"127.0.0.1:{server.port}")]
    for prefix in ("/api/articles/", "/static/"):
        status, _, body = ask(server, "GET", prefix + name, own)
        assert status == 404
        assert b"root:" not in body
    answer = server.client.post("/api/predict", json={"article": name})
    assert answer.status_code in (404, 422)
    dropped = {"text": "Ann Lee left.", "name": name}
    assert "root:" not in server.client.post("/api/predict", json=dropped).text


@pytest.mark.parametrize("declared", [True, False])
def test_long_body_is_refused(server, declared):
    body = b'{"text": "' + b"x" * (MAX_BODY + 1) + b'"}'
    content = body if declared else (body[i : i + 65536] for i in range(0, len(body), 65536))
    try:
        answer = server.client.post(
            "/api/predict", content=content, headers={"Content-Type": "application/json"}
        )
    except httpx.WriteError:  # the server had hung up before all of it was sent
        assert not declared
        return
    assert answer.status_code == 413
    assert server.client.get("/api/status").status_code == 200


def test_long_text_is_refused_before_it_is_read(server):
    answer = server.client.post("/api/predict", json={"text": "Ann Lee left. " * 20_000})
    assert answer.status_code == 413
    assert "at most 200000" in answer.json()["detail"]
    many = [{"name": str(i), "text": "Ann Lee left. " * 10_000} for i in range(8)]
    assert server.client.post("/api/report", json={"articles": many}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[" * 100_000, b'"text"', b"null", b"\xff\xfe", b'{"text": 1}',
        b'{"text": "\\ud800"}', b'{"text": "", "article": ""}', b'{"text": " "}', b"{}",
        b'{"text": "x", "abstain": NaN}', b'{"text": "x", "abstain": 1e999}',
        b'{"text": "x", "actor": {}}', b'{"text": "x", "unknown": 1}',
        b'{"text": "x", "abstain": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_broken_bodies_are_told_so(server, body):
    answer = server.client.post(
        "/api/predict", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/api/labels", 405), ("GET", "/api/predict", 405), ("GET", "/docs", 404),
        ("TRACE", "/", 405), ("GET", "/api/labels/queue", 422),
        ("GET", "/api/articles?limit=0", 422),
        ("GET", "/api/articles?offset=" + "9" * 400, 422), ("DELETE", "/api/labels/..", 422),
        ("GET", "/api/labels/queue?annotator=a&mode=x", 422),
    ],
)  # fmt: skip
def test_wrong_requests_are_problems(server, method, path, status):
    own = [("Host", f"127.0.0.1:{server.port}")]
    found, headers, body = ask(server, method, path, own)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == status


def test_markup_stays_text(server):
    text = "<script>alert(1)</script> Ann Lee rejected the vote."
    answer = server.client.post("/api/predict", json={"text": text})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["text"] == text


def test_slow_sender_does_not_hold_up_others(server):
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        head = f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        slow.sendall(head.encode() + b"Content-Length: 100\r\n\r\n{")
        assert server.client.get("/api/status").status_code == 200


def test_long_work_does_not_hold_up_others(server):
    import threading
    import time

    text = "".join(f"Ann Lee rejected the vote in town {i}. " for i in range(3000))
    worker = threading.Thread(
        target=lambda: httpx.post(f"{server.origin}/api/predict", json={"text": text}, timeout=120)
    )
    worker.start()
    waits = []
    while worker.is_alive():
        started = time.perf_counter()
        assert server.client.get("/api/status").status_code == 200
        waits.append(time.perf_counter() - started)
    assert len(waits) > 3
    assert sorted(waits)[len(waits) // 2] < 0.5


def test_missing_extra_names_the_command():
    script = (
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'fastapi' else real(name, *a)\n"
        "import sys; sys.argv = ['stance', 'serve']; from stance.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'stance-trainer[serve]'" in done.stderr


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["text", "article", "name", "actor", "abstain"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
        max_size=4,
    )
)
def test_any_object_is_answered(server, body):
    answer = server.client.post(
        "/api/predict", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 400, 404, 422)
