"""Whoever sends a request too slowly is parted from; whoever is only kept waiting is not."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.waiting import until
from web_modules.commands import bounded_http

SECONDS = 20.0
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server that has little patience, and is slow itself for who asks for `/slow`."""
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(bounded_http, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(bounded_http, "LOOK_SECONDS", 0.05)

    async def answer(request: Request) -> PlainTextResponse:
        if request.url.path == "/slow":
            await asyncio.sleep(0.8)
        try:
            return PlainTextResponse(str(len(await request.body())))
        except ClientDisconnect:
            return PlainTextResponse("")

    paths = [Route(path, answer, methods=["GET", "POST"]) for path in ("/", "/slow")]
    config = uvicorn.Config(
        Starlette(routes=paths), http=bounded_http.BoundedHttp, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until(lambda: server.started, "the server is there")
        yield listening.getsockname()
        server.should_exit = True
        thread.join()


def said(address: tuple[str, int], *parts: bytes) -> bytes:
    """All that the server says to somebody who sends this, and then no more."""
    with closing(socket.create_connection(address, SECONDS)) as connection:
        for part in parts:
            connection.sendall(part)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


def test_a_head_that_does_not_end_is_answered_408(address: tuple[str, int]) -> None:
    assert said(address, HEAD).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_does_not_end_is_answered_408(address: tuple[str, int]) -> None:
    assert b"HTTP/1.1 408 " in said(address, HEAD + b"\r\n", b"x" * 100)


def test_who_says_nothing_is_parted_from_without_a_word(address: tuple[str, int]) -> None:
    assert said(address) == b""


def test_a_request_that_the_server_itself_keeps_waiting_is_answered(address: tuple[str, int]) -> None:
    head = HEAD.replace(b"POST / ", b"POST /slow ") + b"Connection: close\r\n\r\n"
    answer = said(address, head, b"x" * 200_000)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"200000")


def test_a_second_request_on_a_connection_has_its_own_time(address: tuple[str, int]) -> None:
    first = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    second = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with closing(socket.create_connection(address, SECONDS)) as connection:
        connection.sendall(first)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(second)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
