"""The HTTP client under a provider's SDK: one pool for all threads, honest about whether a request left us.

The client the Twilio SDK brings waits for ever by default, logs the numbers in its URLs, keeps the last request with
its credentials and costs more CPU than the rest of a hand-over.
"""

import logging
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from twilio.http import HttpClient  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # the SDK ships no types

# Of the whole time-out: how long to wait for a free connection, and for a new one to be made.
_POOL_SHARE = 0.1
_CONNECT_SHARE = 0.3

_SUCCESS = range(200, 300)
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_DEFAULT_RETRY_AFTER_SECONDS = 1.0
_LONGEST_RETRY_AFTER_SECONDS = 3600.0

_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.EmptyPoolError,
)


class NotSent(Exception):
    """No connection was made, so the request certainly did not leave us."""


class NoAnswer(Exception):
    """The request may have been carried out: it left us, and no answer says what became of it (5xx included)."""


class TooManyRequests(Exception):
    """The server answered 429, which says that it did nothing."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"retry after {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class PooledClient(HttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Sends whatever the SDK asks for to `base_url`, whichever of the provider's hosts the SDK had in mind.

    So neither products on hosts of their own nor the variables TWILIO_REGION and TWILIO_EDGE lead anywhere else.

    Safe to share between threads: it keeps connections and nothing else. No retries, no redirects, no proxy from the
    environment, no log line. Raises `NotSent`, `NoAnswer` or `TooManyRequests`; every other answer goes to the SDK.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float, pool_size: int) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False, timeout=timeout_seconds)
        _silence_urls()
        self._prefix = urlsplit(base_url).path.rstrip("/")
        self._pool = urllib3.connection_from_url(base_url, maxsize=pool_size, block=True)
        self._pool_seconds = timeout_seconds * _POOL_SHARE
        self._timeout = urllib3.Timeout(
            connect=timeout_seconds * _CONNECT_SHARE, total=timeout_seconds - self._pool_seconds
        )

    def request(  # noqa: PLR0913, PLR0917  # the SDK's own signature
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # one time-out for all requests
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002  # never followed
    ) -> Response:
        """Make one request and block at most the client's time-out."""
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = _basic(*auth)
        body = urlencode(data, doseq=True) if data else None
        answer = self._exchange(method, self._target(uri, params), body, sent)
        text = answer.data.decode("utf-8", "replace")
        if answer.status == _TOO_MANY_REQUESTS:
            raise TooManyRequests(_retry_after(answer.headers))
        if answer.status >= _SERVER_ERROR:
            raise NoAnswer(f"HTTP {answer.status}")
        if answer.status in _SUCCESS and text and not text.startswith("{"):
            raise NoAnswer("a success that is not a JSON object")
        return Response(answer.status, text, answer.headers)

    def _exchange(
        self, method: str, target: str, body: str | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=self._timeout,
                pool_timeout=self._pool_seconds,  # type: ignore[arg-type]  # a fraction works; the stub says int
            )
        except _NOT_SENT as error:
            raise NotSent(type(error).__name__) from error
        except urllib3.exceptions.SSLError as error:
            # Only a certificate is refused for sure before the request: any other TLS error may come after it.
            certificate_refused = isinstance(error.args[0], ssl.CertificateError)
            raise (NotSent if certificate_refused else NoAnswer)(type(error).__name__) from error
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error

    def _target(self, uri: str, params: Mapping[str, object] | None) -> str:
        parts = urlsplit(uri)
        query = "&".join(filter(None, [parts.query, urlencode(params, doseq=True) if params else ""]))
        return f"{self._prefix}{parts.path}?{query}" if query else f"{self._prefix}{parts.path}"


def _basic(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode("ascii")


def _retry_after(headers: Mapping[str, Any]) -> float:  # urllib3's header mapping holds strings only
    """Read seconds; the date form of the header, which no provider here uses, counts as absent."""
    try:
        return min(max(0.0, float(headers.get("Retry-After", ""))), _LONGEST_RETRY_AFTER_SECONDS)
    except ValueError:
        return _DEFAULT_RETRY_AFTER_SECONDS


def _silence_urls() -> None:
    """Keep the numbers that stand in URLs out of the logs: urllib3 writes every URL at DEBUG."""
    logger = logging.getLogger("urllib3.connectionpool")
    if logger.level < logging.INFO:
        logger.setLevel(logging.INFO)
