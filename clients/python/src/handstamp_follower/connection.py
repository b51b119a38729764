"""One connection to the server, kept open between requests. Another thread can break it off."""

import http.client
import socket
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
CHUNK = 1 << 16
CONNECT_TIMEOUT = 2.0


class Broken(Exception):
    """The server did not answer, or not as it should. The text says what happened."""


class Connection:
    """Sends GET requests to one origin. Follows no redirect: a client secret goes nowhere else."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError(f"not an address: {address!r}")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError(f"without https the client secret could be read on the way: {address!r}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.hostname, parts.port)
        self._socket: socket.socket | None = None
        self._broken_off = False

    def get(self, path: str, headers: dict[str, str], timeout: float) -> http.client.HTTPResponse:
        """Sends a request, and returns the answer when its head has come. No wait for bytes is longer than `timeout`."""
        if self._http.sock is not None:
            try:
                return self._send(path, headers, timeout)
            except (ConnectionError, http.client.BadStatusLine):
                # The server closes a connection that it has kept for long enough. That says nothing about this request.
                self._http.close()
        return self._send(path, headers, timeout)

    def _send(self, path: str, headers: dict[str, str], timeout: float) -> http.client.HTTPResponse:
        self._http.timeout = min(timeout, CONNECT_TIMEOUT)
        if self._http.sock is None:
            self._http.connect()
            assert self._http.sock is not None
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = self._http.sock
        if self._broken_off:
            raise Broken("the follower has stopped")
        self._http.sock.settimeout(timeout)
        self._http.request("GET", path, headers=headers)
        return self._http.getresponse()

    def close(self) -> None:
        """Closes the connection. The next request opens a new one."""
        self._http.close()

    def break_off(self) -> None:
        """Wakes the thread that waits for an answer. There will be no other request."""
        self._broken_off = True
        if self._socket is not None:
            try:
                # Not that of TLS, which is not for two threads at once.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass  # closed already


def body(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yields the body as it comes, uncompressed. Raises `Broken` if it is cut off."""
    unpack = zlib.decompressobj(wbits=31) if response.getheader("Content-Encoding") == "gzip" else None
    while chunk := response.read(CHUNK):
        yield unpack.decompress(chunk) if unpack else chunk
    if unpack and not unpack.eof:
        raise Broken("the answer is cut off")
