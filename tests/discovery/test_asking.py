"""How services are asked: when again, for how long, and where never."""

import pytest

from discovery.clients.answer import Again, Refused, RunEnds, Unauthorized, Unreadable, read_answer
from discovery.clients.links import belongs, service_root
from discovery.clients.patience import Patience
from discovery.errors import SourceMisconfigured

NOW = 1_700_000_000.0
JSON = {"content-type": "application/json"}


def answered(status: int, body: bytes = b"{}", **headers: str) -> object:
    stated = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer("GET host/path", status, stated, body, NOW)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("7", 7), ("0.5", 0.5), ("-3", 0), ("", None), ("soon", None), ("nan", None),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30), ("Tue, 14 Nov 2023 22:13:10 GMT", 0),
    ],
)  # fmt: skip
def test_a_busy_service_names_its_time_in_seconds_or_as_a_date(stated: str, seconds: float | None) -> None:
    with pytest.raises(Again) as asked:
        answered(429, retry_after=stated)
    assert asked.value.after == seconds


def test_a_refusal_names_the_services_word_and_never_its_prose() -> None:
    body = b'{"error": {"code": "Authorization_RequestDenied", "message": "Bearer s3cr3t is not enough"}}'
    with pytest.raises(Refused) as no:
        answered(403, body)
    assert "Authorization_RequestDenied" in str(no.value)
    assert "s3cr3t" not in str(no.value)
    with pytest.raises(Refused) as no:
        answered(400, b'{"error": {"code": "Bearer s3cr3t <script>"}}')
    assert "s3cr3t" not in str(no.value)


@pytest.mark.parametrize(
    ("status", "body", "kind", "expected"),
    [
        (200, b"<html>", "text/html", Unreadable), (200, b"[]", "application/json", Unreadable),
        (200, b'{"a": ', "application/json", Again), (200, b"", "", Again), (204, b"", "", Again),
        (302, b"", "", Refused), (404, b"", "text/plain", Refused), (410, b"{}", "application/json", Refused),
        (401, b"", "", Unauthorized), (500, b"", "", Again), (503, b"<html>", "text/html", Again),
    ],
)  # fmt: skip
def test_every_answer_has_its_reaction(status: int, body: bytes, kind: str, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        read_answer("GET host/path", status, {"content-type": kind}, body, NOW)


def test_half_a_character_is_the_fault_of_one_name_not_of_the_page() -> None:
    kind = {"content-type": "application/json"}
    assert read_answer("what", 200, kind, b'{"a": "x\\ud83d", "b": 1}', NOW) == {"a": "x\ud83d", "b": 1}


def test_json_is_told_by_its_kind() -> None:
    for kind in ("application/json; charset=utf-8", "application/problem+json", "APPLICATION/JSON"):
        assert read_answer("what", 200, {"content-type": kind}, b'{"a": 1}', NOW) == {"a": 1}


def patience(budget: float) -> Patience:
    return Patience(budget, stopped=lambda: False, dice=lambda: 0.5)


def test_waits_grow_until_enough_is_enough() -> None:
    attempts = patience(600).attempts()
    assert [attempts.wait_after(Again("busy")) for _ in range(5)] == [0.5, 1, 2, 4, 8]
    with pytest.raises(RunEnds, match="6 attempts"):
        attempts.wait_after(Again("busy"))


def test_one_budget_serves_a_whole_run() -> None:
    shared = patience(10)
    for _ in range(2):
        assert shared.attempts().wait_after(Again("busy", 5)) == 5
    with pytest.raises(RunEnds, match=r"0\.0 of 10\.0 s"):
        shared.attempts().wait_after(Again("busy", 5))


def test_a_time_beyond_the_budget_is_not_waited_for() -> None:
    with pytest.raises(RunEnds, match=r"86400\.0 s more"):
        patience(600).attempts().wait_after(Again("busy", 86_400))


def test_answers_that_cannot_be_read_are_asked_for_less_often() -> None:
    attempts = patience(600).attempts()
    for _ in range(2):
        attempts.wait_after(Again("cut off", garbled=True))
    with pytest.raises(Unreadable):
        attempts.wait_after(Again("cut off", garbled=True))


ROOT = "https://graph.example/v1.0"


@pytest.mark.parametrize(
    "link", ["https://graph.example/v1.0/users", "https://GRAPH.example:443/v1.0/users/delta?$skiptoken=x%2Fy"]
)
def test_a_link_of_the_same_service_is_followed(link: str) -> None:
    assert belongs(link, ROOT)


@pytest.mark.parametrize(
    "link",
    [
        "http://graph.example/v1.0/users", "https://graph.example:8443/v1.0/users", "https://evil.example/v1.0/users",
        "https://graph.example.evil.example/v1.0/users", "https://graph.example@evil.example/v1.0/users",
        "https://evil.example\\@graph.example/v1.0/users", "//evil.example/v1.0/users", "/v1.0/users", "users", "",
        "https://graph.example/beta/users", "https://graph.example/v1.0/../beta", "https://graph.example/v1.0x/users",
        "https://graph.example:port/v1.0/users", "https://[::1/v1.0/users", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_link_that_leads_anywhere_else_is_not(link: str) -> None:
    assert not belongs(link, ROOT)


def test_an_address_without_a_path_means_the_current_version() -> None:
    assert service_root("https://graph.example/", version="v1.0") == ROOT
    assert service_root("https://graph.example/beta", version="v1.0") == "https://graph.example/beta"
    assert service_root("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert service_root("http://[::1]:8080/v1.0/") == "http://[::1]:8080/v1.0"


@pytest.mark.parametrize(
    "stated",
    ["", "graph.example", "ftp://graph.example", "http://graph.example", "https://a:b@graph.example", "https://"],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_sent(stated: str) -> None:
    with pytest.raises(SourceMisconfigured, match="base_url") as refused:
        service_root(stated)
    assert "a:b" not in str(refused.value)
