"""An application signs in at a login host of its own: by secret or certificate, once, and again when it must."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.sources import SOURCES
from lab.graph_server import GraphServer, graph_server
from lab.json_service import Answer, Query, Service, serving

TENANT = "0a0a0a0a-0000-4000-8000-000000000001"


class LoginHost(Service):
    """Gives tokens to one application, as documented for client credentials, and tells Graph to accept them."""

    def __init__(self, graph: GraphServer) -> None:
        super().__init__()
        self.graph = graph
        self.given: list[Query] = []

    def open_to_all(self, path: str) -> bool:
        return True

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        host = f"{self.root}/{TENANT}"
        if method == "GET":
            return Answer(200, {"token_endpoint": f"{host}/oauth2/v2.0/token", "issuer": f"{host}/v2.0",
                                "authorization_endpoint": f"{host}/oauth2/v2.0/authorize"})  # fmt: skip
        self.given.append(form)
        if form.get("client_secret") != ["right secret"] and "client_assertion" not in form:
            return Answer(401, {"error": "invalid_client", "error_description": f"AADSTS7000215: wrong: {form}"})
        token = f"token-{len(self.given)}"
        self.graph.tokens = {token}
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3_600})


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that it signed itself, for localhost."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), today, today + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("login") / "localhost.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def host(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoginHost]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with graph_server() as graph:
        graph.tokens = set()
        graph.put("users", {"id": TENANT, "displayName": "Ann"})
        login = LoginHost(graph)
        with serving(login, context):
            login.root = login.root.replace("http://127.0.0.1", "https://localhost")
            yield login


def read(parts: Parts, host: LoginHost, **secrets: str) -> RunReport:
    stated = {
        "base_url": f"{host.graph.root}/v1.0",
        "login_url": host.root,
        "tenant": TENANT,
        "client_id": "me",
        **secrets,
    }
    return run_source(parts, SOURCES["entra_id"], SOURCES["entra_id"].settings.model_validate(stated))


def test_a_secret_signs_in_once_for_a_run(parts: Parts, host: LoginHost) -> None:
    report = read(parts, host, client_secret="right secret")
    assert (report.status, report.accepted, len(host.given)) == ("complete", 1, 1)
    assert host.given[0]["grant_type"] == ["client_credentials"]
    assert report.scope.startswith(f"{TENANT}/users")


@pytest.mark.parametrize("by_path", [True, False])
def test_a_certificate_signs_in_as_text_and_as_a_file(parts: Parts, host: LoginHost, pem: Path, by_path: bool) -> None:
    assert read(parts, host, certificate=str(pem) if by_path else pem.read_text()).status == "complete"
    assert "client_assertion" in host.given[0]


def test_a_token_that_ends_on_the_way_is_renewed(parts: Parts, host: LoginHost) -> None:
    host.graph.fail("groups", Answer(401, {}), times=1)
    assert read(parts, host, client_secret="right secret").status == "complete"
    assert len(host.given) == 2


def test_a_wrong_secret_names_microsofts_number_and_shows_up_nowhere(parts: Parts, host: LoginHost) -> None:
    report = read(parts, host, client_secret="wr0ng-s3cret")
    assert report.status == "failed"
    assert "AADSTS7000215" in report.errors[0]
    assert "wr0ng" not in repr(report)
