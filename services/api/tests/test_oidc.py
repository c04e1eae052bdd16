"""Tokens of another issuer: its keys, its roles, its lines."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from jidoka.runtime.testing import until


class Issuer:
    """An OIDC issuer with keys that a test can change."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.new_key("one")
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(issuer.document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def new_key(self, kid: str) -> None:
        """From now on it signs with this key only."""
        self.keys = {kid: rsa.generate_private_key(65537, 2048)}

    def document(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        keys = [{**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in self.keys.items()]
        return {"keys": keys}

    def public_pem(self) -> bytes:
        (key,) = self.keys.values()
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, **change: Any) -> str:
        """A good token, but for the changed claims; None leaves one out."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.url, "aud": "jidoka", "sub": "42", "preferred_username": "ann", "roles": ["staff", "operator"],
            "iat": now, "exp": now + timedelta(minutes=5),
        } | change  # fmt: skip
        ((kid, key),) = self.keys.items()
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None}, key, "RS256", {"kid": kid}
        )


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def api(plant: Any, issuer: Issuer) -> Any:
    with plant.api(MODE="live", DEMO_USERS="", OIDC_ISSUER=issuer.url, OIDC_AUDIENCE="jidoka") as running:
        yield running


def test_a_token_of_the_issuer_counts(api: Any, issuer: Issuer) -> None:
    me = api.get("/me", issuer.token()).json()
    assert (me["username"], me["role"], me["lines"]) == ("ann", "operator", None)


def test_new_keys_of_the_issuer_are_fetched(api: Any, issuer: Issuer) -> None:
    old = issuer.token()
    assert api.get("/me", old).status_code == 200
    issuer.new_key("two")
    until(lambda: api.get("/me", issuer.token()).status_code == 200, 15, "the new key")
    assert api.get("/me", old).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"aud": "another"}, 401),
        ({"exp": datetime.now(UTC) - timedelta(minutes=5)}, 401),
        ({"exp": None}, 401),
        ({"sub": None}, 401),
        ({"roles": ["staff"]}, 403),
        ({"roles": None}, 403),
        ({"lines": ["demo/line2"]}, 403),
        ({"lines": ["demo/line1"]}, 200),
        ({"iss": "https://other.example"}, 401),
    ],
)
def test_claims_are_checked(api: Any, issuer: Issuer, change: dict[str, Any], status: int) -> None:
    assert api.get("/parts", issuer.token(**change)).status_code == status


def test_the_public_key_is_no_shared_secret(api: Any, issuer: Issuer) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    (kid,) = issuer.keys
    head = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode())
    body = jwt.utils.base64url_encode(json.dumps(claims).encode())
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    mac = algorithm.sign(head + b"." + body, issuer.public_pem())
    forged = b".".join([head, body, jwt.utils.base64url_encode(mac)]).decode()
    unsigned = jwt.encode(claims, "", "none", {"kid": kid})
    assert [api.get("/me", token).status_code for token in (forged, unsigned)] == [401, 401]


def test_without_its_issuer_nobody_is_let_in_or_kept_waiting(plant: Any, issuer: Issuer) -> None:
    gone = {"OIDC_ISSUER": "http://127.0.0.1:1", "OIDC_AUDIENCE": "jidoka", "DEMO_USERS": ""}
    with plant.api(MODE="live", **gone) as alone:
        answer = alone.get("/me", issuer.token(iss="http://127.0.0.1:1"))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"]
