"""Kubernetes by a kubeconfig, against a server with TLS: who is trusted, who signs in, and what is refused."""

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from discovery.errors import SourceMisconfigured
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.sources import SOURCES
from discovery.sources.kubernetes.server import access_to
from lab.certificates import Certificate, certificate_for
from lab.json_service import serving
from lab.kubernetes_server import KubernetesServer
from lab.unavailable import Unavailable, skip_or_fail

SOURCE = SOURCES["kubernetes"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    try:
        return certificate_for(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
    except Unavailable as reason:
        skip_or_fail(reason)


def served(running: ExitStack, made: Certificate, *, of_clients: bool = False) -> str:
    """The address of a cluster behind TLS; `of_clients`: it wants their certificates, and no token."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made.certificate, made.key)
    server = KubernetesServer()
    if of_clients:
        tls.load_verify_locations(made.authority)
        tls.verify_mode = ssl.CERT_REQUIRED
        server.tokens = {""}
    return running.enter_context(serving(server, tls)).replace("http://", "https://")


@pytest.fixture
def address(made: Certificate) -> Iterator[str]:
    with ExitStack() as running:
        yield served(running, made)


def kubeconfig(folder: Path, cluster: dict[str, Any], user: dict[str, Any], *, current: str = "lab") -> str:
    """Written as `kubectl config` writes it, with a second context that leads nowhere."""
    said = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "lab", "cluster": cluster}, {"name": "far", "cluster": {"server": "https://192.0.2.1"}}],
        "users": [{"name": "reader", "user": user}],
        "contexts": [
            {"name": "lab", "context": {"cluster": "lab", "user": "reader", "namespace": "shop"}},
            {"name": "far", "context": {"cluster": "far", "user": "reader"}},
        ],
    }
    file = folder / "config"
    file.write_text(yaml.safe_dump(said))
    return str(file)


def inline(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def read(parts: Parts, **stated: Any) -> RunReport:
    return run_source(parts, SOURCE, SOURCE.settings.model_validate({"patience": 0, **stated}))


def test_an_authority_and_a_token_in_the_file_are_enough(
    parts: Parts, made: Certificate, address: str, tmp_path: Path
) -> None:
    cluster = {"server": address, "certificate-authority-data": inline(made.authority)}
    file = kubeconfig(tmp_path, cluster, {"token": "right"}, current="far")
    report = read(parts, kubeconfig=file, context="lab")
    assert (report.status, report.rejected) == ("complete", 0), report.as_body()


def test_files_beside_the_kubeconfig_are_found_and_a_client_certificate_signs_in(
    parts: Parts, made: Certificate, tmp_path: Path
) -> None:
    for file, name in ((made.authority, "ca.pem"), (made.certificate, "me.pem"), (made.key, "me.key")):
        (tmp_path / name).write_bytes(file.read_bytes())
    user = {"client-certificate": "me.pem", "client-key": "me.key"}
    with ExitStack() as running:
        address = served(running, made, of_clients=True)
        file = kubeconfig(tmp_path, {"server": address, "certificate-authority": "ca.pem"}, user)
        assert read(parts, kubeconfig=file).status == "complete"
        user = {"client-certificate-data": inline(made.certificate), "client-key-data": inline(made.key)}
        file = kubeconfig(tmp_path, {"server": address, "certificate-authority": "ca.pem"}, user)
        assert read(parts, kubeconfig=file).status == "complete"
        assert read(parts, base_url=address, token="right", ca_file=str(made.authority)).status == "failed"


def test_a_server_of_an_unknown_authority_is_told_nothing_unless_that_is_asked_for(
    parts: Parts, made: Certificate, address: str
) -> None:
    refused = read(parts, base_url=address, token="right", patience=600)
    assert refused.status == "failed"
    assert "certificate is not trusted" in refused.errors[0]
    assert "`ca_file`" in refused.errors[0]
    assert read(parts, base_url=address, token="right", ca_file=str(made.authority)).status == "complete"
    unverified = read(parts, base_url=address, token="right", tls_verify=False)
    assert unverified.status == "complete"
    assert any("TLS was not verified" in note for note in unverified.notes)


REFUSED = {
    "exec": ({}, {"exec": {"command": "aws"}}, "signs in by running a program"),
    "auth-provider": ({}, {"auth-provider": {"name": "gcp"}}, "plug-in of kubectl"),
    "password": ({}, {"username": "me", "password": "pl4nted"}, "signs in with a password"),
    "as": ({}, {"token": "pl4nted", "as": "root"}, "acts as somebody else"),
    "nobody": ({}, {}, "token missing"),
    "proxy": ({"proxy-url": "http://p"}, {"token": "pl4nted"}, "proxy-url is not supported"),
    "CA": ({"certificate-authority-data": "cGw0bnRlZA=="}, {"token": "pl4nted"}, "no certificate in PEM"),
    "CA text": ({"certificate-authority-data": "pl4nted!"}, {"token": "x"}, "base 64"),
    "no CA file": ({"certificate-authority": "away.pem"}, {"token": "pl4nted"}, "No such file"),
    "key": ({}, {"client-certificate-data": "cGw0bnRlZA=="}, "needs its key"),
    "pair": ({}, {"client-certificate-data": "cGw0bnRlZA==", "client-key-data": "cGw0bnRlZA=="}, "do not fit"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_refused_with_what_to_do_and_no_secret(parts: Parts, tmp_path: Path, what: str) -> None:
    cluster, user, word = REFUSED[what]
    report = read(parts, kubeconfig=kubeconfig(tmp_path, {"server": "https://127.0.0.1:1", **cluster}, user))
    assert report.status == "failed"
    assert word in report.errors[0]
    assert "pl4nted" not in json.dumps(report.as_body())
    assert report.retryable is not True


def test_a_token_of_ones_own_takes_the_place_of_a_user_that_cannot_sign_in(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, {"server": "https://127.0.0.1:1"}, {"exec": {"command": "aws"}})
    said = SOURCE.settings.model_validate({"kubeconfig": file, "token": "mine"})
    assert (access_to(said).server, access_to(said).token) == ("https://127.0.0.1:1", "mine")


@pytest.mark.parametrize(
    ("text", "context", "word"),
    [
        ("{", "", "is no YAML"),
        ("[]", "", "holds no contexts"),
        ("contexts: [{name: a, context: {cluster: b}}]", "", "has no current context"),
        ("contexts: [{name: a, context: {cluster: b}}]", "c", "has no context c; it has a"),
        ("contexts: [{name: a, context: {cluster: b}}]", "a", "has no cluster b; it has none"),
        ("contexts: [{name: a}]\ncurrent-context: a", "", "has no context a"),
    ],
)
def test_a_kubeconfig_that_says_too_little_says_what_is_lacking(
    tmp_path: Path, text: str, context: str, word: str
) -> None:
    (tmp_path / "config").write_text(text)
    said = SOURCE.settings.model_validate({"kubeconfig": str(tmp_path / "config"), "context": context})
    with pytest.raises(SourceMisconfigured, match=word):
        access_to(said)
