"""Asks apitoken whether a request may pass. Python 3.9 or later with requests. Two lines are yours to change."""
from dataclasses import dataclass, field
from urllib.parse import unquote

import requests

VERIFY_URL = "http://127.0.0.1:8080/verify"
TIMEOUT_SECONDS = 10

CREDENTIALS = ("authorization", "x-api-key", "token")
# What apitoken says to the caller. Anything else is no answer.
REFUSALS = (400, 401, 403, 429, 431)

_session = requests.Session()
# Without this, requests would put what a .netrc says in the place of the caller's credential, and ask by way of a proxy.
_session.trust_env = False


@dataclass(frozen=True)
class Token:
    id: str
    name: str
    owner: str
    scopes: list


@dataclass(frozen=True)
class Refused(Exception):
    """Answer with this status and these headers."""

    status: int = 503
    headers: dict = field(default_factory=lambda: {"Retry-After": "5"})


def verify(headers, address, scope=None):
    """The token of a request, by its headers (names in small letters) and the address it came from. Raises Refused.

    It remembers nothing: a revocation counts on the next request.
    """
    asked = {name: headers[name] for name in CREDENTIALS if name in headers}
    asked["x-forwarded-for"] = address
    try:
        answer = _session.get(
            VERIFY_URL,
            params=None if scope is None else {"scope": scope},
            headers=asked,
            timeout=TIMEOUT_SECONDS,
            # A redirect would carry the credential somewhere else.
            allow_redirects=False,
        )
    except requests.RequestException:
        raise Refused() from None
    said = answer.headers
    if answer.status_code == 200 and "x-token-id" in said:
        return Token(said["x-token-id"], unquote(said["x-token-name"]), said["x-token-owner"], said.get("x-token-scopes", "").split())
    if answer.status_code not in REFUSALS:
        raise Refused()
    passed_on = {name: said[name] for name in ("WWW-Authenticate", "Retry-After") if name in said}
    raise Refused(answer.status_code, passed_on)
