"""Connections to a server: through the user's proxy, and with the certificates the user trusts.

These come from the usual environment variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY,
SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import os
import ssl
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

CONNECT_SECONDS = 10.0
_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def open_connection(url: str) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """A connection that is not yet made, and what to request on it.

    Returns
    -------
    connection
        To the server, or to the proxy on the way to it.
    target
        What stands in the request line.
    headers
        For the proxy.

    Raises
    ------
    ValueError
        An environment variable names a proxy or certificates that cannot be used.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    proxy = find_proxy(url)
    if proxy is None:
        return _connection(host, parts.port, secure), target, {}
    headers = {}
    if proxy.username:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    if not secure:
        return _connection(proxy.hostname or "", proxy.port or 80, False), url, headers
    connection = _connection(proxy.hostname or "", proxy.port or 80, True)
    connection.set_tunnel(host, parts.port, headers)
    return connection, target, {}


def find_proxy(url: str) -> SplitResult | None:
    """The proxy on the way to `url`. This machine itself is reached directly."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or _is_loopback(host) or proxy_bypass(parts.netloc) or proxy_bypass(host):
        return None
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(
            f"the proxy in the environment is of kind {parts.scheme!r}; give one that begins with "
            f"http://, or put {host} into NO_PROXY"
        )
    return parts


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):  # a name
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _connection(host: str, port: int | None, secure: bool) -> http.client.HTTPConnection:
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    return http.client.HTTPSConnection(
        host, port, timeout=CONNECT_SECONDS, context=trusted_certificates()
    )


def trusted_certificates() -> ssl.SSLContext:
    """The system's certificates, those in SSL_CERT_FILE or SSL_CERT_DIR, and a CA bundle."""
    context = ssl.create_default_context()
    for name in _CA_BUNDLES:
        if path := os.environ.get(name):
            try:
                kind = "capath" if os.path.isdir(path) else "cafile"
                context.load_verify_locations(**{kind: path})
            except OSError as error:  # also ssl.SSLError
                raise ValueError(
                    f"{name} is {path!r}, which holds no certificates: {error}"
                ) from error
    return context
