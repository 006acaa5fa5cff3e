"""Why two are one or not, what waits for a person, and decisions with their undo, over HTTP."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.identity_commands import app
from api.settings import Settings
from api.wiring import build
from cmdb.observation import observation
from cmdb.vocabulary import vocabulary
from discovery.run import take
from http_api import Line, line, needs, problem

Tell = Callable[..., dict[str, Any]]
Cmdb = Callable[..., str]
Login = Callable[..., TestClient]


@pytest.fixture
def steward(login: Login) -> TestClient:
    return login("steward")


def _where(client: TestClient) -> dict[str, str]:
    return {place["record"]: place["ci"] for place in client.get("/v1/records").json()["items"]}


def test_explain_says_why_two_are_one_and_why_two_are_not(viewer: TestClient, tell: Tell) -> None:
    tell(line("a", identifiers={"serial": "S-1"}), line("b", source="other", identifiers={"serial": "S-1"}))
    tell(line("c", source="third", identifiers={"serial": "S-9"}, name="a"))
    one = viewer.get("/v1/identity/explain", params={"a": "record:agent:a", "b": "record:other:b"}).json()
    assert one["same"]
    assert one["score"] >= one["threshold"]
    assert one["score"] == pytest.approx(one["prior"] + sum(piece["weight"] for piece in one["evidence"]))
    assert ("serial", "S-1") in {(piece["kind"], piece["value"]) for piece in one["evidence"]}
    two = viewer.get("/v1/identity/explain", params={"a": "record:agent:a", "b": "record:third:c"}).json()
    assert not two["same"]
    assert any("serial" in veto for veto in two["vetoes"])
    assert {piece["weight"] > 0 for piece in two["evidence"]} == {True, False}
    whole = viewer.get("/v1/identity/explain", params={"a": "serial:S-1", "b": "serial:S-1"}).json()
    assert whole["same"]
    assert whole["evidence"]
    alone = viewer.get("/v1/identity/explain", params={"a": "serial:S-9", "b": "serial:S-9"}).json()
    assert (alone["same"], alone["score"]) == (True, None)
    problem(
        viewer.get("/v1/identity/explain", params={"a": "serial:S-9", "b": "serial:none"}), 404, "unknown-reference"
    )
    problem(viewer.get("/v1/identity/explain", params={"a": "serial:S-9"}), 422, "invalid")


def test_explain_says_why_two_that_fit_are_two(viewer: TestClient, tell: Tell) -> None:
    tell(
        line("old", identifiers={"fqdn": "pc.corp.example", "serial": "S-1"}),
        line("new", identifiers={"fqdn": "pc.corp.example", "serial": "S-2"}),
        line("account", source="ldap", identifiers={"fqdn": "pc.corp.example"}),
    )
    tell(line("part", source="third", identifiers={"serial": "S-1", "mac": "3c:52:82:00:00:01"}))
    for other in ("record:agent:old", "record:third:part"):
        asked = viewer.get("/v1/identity/explain", params={"a": other, "b": "record:ldap:account"})
        found = asked.json()
        assert not found["same"]
        assert found["score"] < found["threshold"] or found["vetoes"]
        assert "fqdn" in {piece["kind"] for piece in found["evidence"]}


def test_a_merge_keeps_the_id_asked_for_and_both_ids_lead_to_it(steward: TestClient, tell: Tell) -> None:
    tell(line("a", identifiers={"serial": "S-1"}))
    tell(line("b", source="other", identifiers={"serial": "S-2"}))
    before = _where(steward)
    done = steward.post("/v1/merges", json={"keep": "serial:S-2", "absorb": before["a"], "reason": "one box"})
    assert done.status_code == 200, done.text
    assert set(_where(steward).values()) == {before["b"]}
    assert steward.get(f"/v1/cis/{before['a']}").json()["id"] == before["b"]
    explained = steward.get("/v1/identity/explain", params={"a": "record:agent:a", "b": "record:other:b"}).json()
    assert explained["same"]
    assert explained["vetoes"]
    assert explained["decisions"] == [done.json()["merge_id"]]
    assert steward.delete(f"/v1/merges/{done.json()['merge_id']}").status_code == 200
    assert _where(steward) == before
    problem(steward.delete(f"/v1/merges/{done.json()['merge_id']}"), 404, "unknown-reference")
    (kept,) = steward.get("/v1/decisions").json()["items"]
    assert (kept["id"], kept["kind"], kept["reason"]) == (done.json()["merge_id"], "merge", "one box")
    assert kept["withdrawn_at"]


def test_a_split_answers_with_the_new_ci_and_is_undone(steward: TestClient, tell: Tell) -> None:
    tell(line("a", identifiers={"serial": "S-1"}), line("b", source="other", identifiers={"serial": "S-1"}))
    before = _where(steward)
    asked = {"ci": before["a"], "records": [{"source": "other", "realm": "default", "record": "b"}], "reason": "no"}
    done = steward.post("/v1/splits", json=asked).json()
    assert _where(steward) == {"a": before["a"], "b": done["ci"]}
    refused = steward.post("/v1/merges", json={"keep": before["a"], "absorb": done["ci"], "reason": "yes"})
    assert problem(refused, 409, "decision-conflict")["decisions"] == [done["split_id"]]
    problem(steward.delete(f"/v1/merges/{done['split_id']}"), 404, "unknown-reference")
    assert steward.delete(f"/v1/splits/{done['split_id']}").status_code == 200
    assert _where(steward) == before


def _doubtful(name: str) -> list[Line]:
    return [line(f"{name}1", name=name, identifiers={"hostname": name}),
            line(f"{name}2", name=name, source="other", identifiers={"hostname": name})]  # fmt: skip


def test_the_queue_shows_what_vital_services_stand_on_first_and_alike_cases_together(
    steward: TestClient, tell: Tell
) -> None:
    tell(*_doubtful("web"), *_doubtful("mail"))
    tell(line("shop", "business_service", attributes={"tier": 1}, relations=needs("web", "mail2x")))
    tell({**line("pay", "business_service", attributes={"tier": 0}), "relations": [
        {"type": "depends_on", "to": "record:agent:mail1"}]})  # fmt: skip
    waiting = steward.get("/v1/reviews").json()["items"]
    assert [review["a_name"] for review in waiting] == ["mail", "web"]
    assert {review["state"] for review in waiting} == {"open"}
    assert waiting[0]["a"] != waiting[0]["b"]
    first = steward.get("/v1/reviews", params={"limit": 1}).json()
    second = steward.get("/v1/reviews", params={"limit": 1, "cursor": first["next"]}).json()
    assert [*first["items"], *second["items"]] == waiting
    assert second["next"] is None
    (alike,) = steward.get("/v1/reviews", params={"group": "pattern"}).json()["items"]
    assert (alike["count"], alike["vital"]) == (2, 1)
    answered = steward.post(f"/v1/reviews/{waiting[1]['id']}", json={"decision": "merge", "reason": "looked"}).json()
    assert len(steward.get("/v1/reviews").json()["items"]) == 1
    (decided,) = steward.get("/v1/reviews", params={"state": "decided"}).json()["items"]
    assert (decided["decision"], decided["a"]) == (answered["decision_id"], decided["b"])
    again = steward.post(f"/v1/reviews/{waiting[1]['id']}", json={"decision": "merge", "reason": "looked"})
    problem(again, 409, "decision-conflict")
    assert steward.delete(f"/v1/decisions/{answered['decision_id']}").status_code == 200
    assert steward.get("/v1/reviews").json()["items"] == waiting


def test_deciding_is_for_stewards_and_needs_a_reason(viewer: TestClient, steward: TestClient, tell: Tell) -> None:
    tell(line("a"), line("b"))
    asked = {"keep": "name:a", "absorb": "name:b", "reason": "x"}
    problem(viewer.post("/v1/merges", json=asked), 403, "forbidden")
    problem(viewer.post("/v1/reviews/x", json={"decision": "merge", "reason": "x"}), 403, "forbidden")
    problem(steward.post("/v1/merges", json={**asked, "reason": " "}), 422, "invalid")
    problem(steward.post("/v1/merges", json={**asked, "absorb": "name:c"}), 404, "unknown-reference")
    problem(steward.post("/v1/merges", json={**asked, "absorb": "name:a"}), 422, "invalid")
    problem(steward.post("/v1/reviews/x", json={"decision": "merge", "reason": "x"}), 404, "unknown-reference")


def test_a_decision_sent_twice_under_one_key_is_made_once(steward: TestClient, tell: Tell) -> None:
    tell(line("a"), line("b"))
    asked = {"keep": "name:a", "absorb": "name:b", "reason": "x"}
    first = steward.post("/v1/merges", json=asked, headers={"Idempotency-Key": "k"})
    second = steward.post("/v1/merges", json=asked, headers={"Idempotency-Key": "k"})
    assert first.json() == second.json()
    problem(
        steward.post("/v1/merges", json={**asked, "reason": "y"}, headers={"Idempotency-Key": "k"}), 422, "key-reused"
    )


def test_a_pass_in_the_shadow_says_what_it_would_join(steward: TestClient, viewer: TestClient, tell: Tell) -> None:
    tell(*_doubtful("web"))
    asked = {"shadow": True, "settings": {"bare_name_bits": 20}}
    found = steward.post("/v1/identity/resolve", json=asked).json()
    assert found["joins"] == [sorted(_where(steward).values())]
    assert len(set(_where(steward).values())) == 2
    problem(steward.post("/v1/identity/resolve", json={"shadow": True, "settings": {"x": 1}}), 422, "invalid")
    problem(steward.post("/v1/identity/resolve", json={}), 422, "invalid")
    problem(viewer.post("/v1/identity/resolve", json=asked), 403, "forbidden")


WORDS = """
[identifier_kinds.serial]
stop = ["demo 1"]

[sources.agent]
authority_of = { os = 9 }
"""


def test_a_vocabulary_file_is_tried_in_the_shadow(steward: TestClient, tell: Tell) -> None:
    for serial in ("DEMO1", "C02XK1"):
        tell(
            line(f"{serial}-1", name=serial, identifiers={"serial": serial}, attributes={"os": "Debian 12"}),
            line(
                f"{serial}-2", name=serial, source="other", identifiers={"serial": serial}, attributes={"os": "Linux"}
            ),
        )
    where = _where(steward)
    asked = {"shadow": True, "vocabulary": WORDS}
    found = steward.post("/v1/identity/resolve", json=asked).json()
    assert found["parts"] == [{"ci": where["DEMO1-1"], "into": 2}]
    moved = {"ci": where["C02XK1-1"], "key": "os", "before": "Linux", "after": "Debian 12"}
    assert found["facts"] == {"counts": {"os": 1}, "first": [moved]}
    assert _where(steward) == where
    answer = steward.post("/v1/identity/resolve", json={**asked, "shadow": False})
    assert "CMDB_VOCABULARY" in problem(answer, 422, "invalid")["detail"]
    wrong = {**asked, "vocabulary": "\n[sources.other]\nauthority = true"}
    assert (
        "vocabulary:3: authority" in problem(steward.post("/v1/identity/resolve", json=wrong), 422, "invalid")["detail"]
    )


def _told_apart(tell: Tell) -> None:
    """60 addresses of which scans say whose they are."""
    for n in range(60):
        borne = {"mac": f"8c:85:90:00:00:{n:02x}", "ip": f"10.0.0.{n}"}
        tell(
            line(f"a{n}", identifiers={"serial": f"S-{n}", **borne}),
            line(f"10.0.0.{n}", "device", source="nmap", identifiers=borne),
        )


def test_an_estate_says_what_an_address_is_worth_in_it(steward: TestClient, tell: Tell) -> None:
    asked = {"shadow": True, "estimate": True}
    assert steward.post("/v1/identity/resolve", json=asked).json()["settings"] == {}
    _told_apart(tell)
    found = steward.post("/v1/identity/resolve", json=asked).json()
    assert found["estimated"] == {
        "one": 60, "two": 0, "later_one": 0, "later_two": 0, "at_once": pytest.approx(61 / 62), "half_life": None,
    }  # fmt: skip
    assert found["settings"] == {"address_at_once": found["estimated"]["at_once"]}
    own = {"address_at_once": 0.9}
    assert steward.post("/v1/identity/resolve", json={**asked, "settings": own}).json()["settings"] == own
    assert steward.post("/v1/identity/resolve", json={"shadow": True}).json()["settings"] == {}, "it was but tried"
    assert steward.post("/v1/identity/resolve", json={**asked, "shadow": False}).json()["joins"] == []
    assert steward.post("/v1/identity/resolve", json={"shadow": True}).json()["settings"] == found["settings"]


@pytest.fixture
def cmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cmdb:
    """Runs a command on a store of its own; what it said, and its errors."""
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cli.db")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, words)
        return done.output + done.stderr * (done.stderr not in done.output)

    return run


def test_the_command_line_tries_files_and_estimates(cmdb: Cmdb, tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    words.write_text(WORDS)
    assert "0 records" in cmdb("resolve", "--shadow", "--vocabulary", str(words))
    assert "CMDB_VOCABULARY" in cmdb("resolve", "--vocabulary", str(words))
    assert "cannot be read" in cmdb("resolve", "--shadow", "--vocabulary", str(tmp_path / "none.toml"))
    assert "too few for an estimate" in cmdb("resolve", "--shadow", "--estimate")


def test_the_command_line_answers_alike_cases_together(cmdb: Cmdb, tmp_path: Path) -> None:
    said = [
        observation(
            vocabulary(), source=source, record=name, ci_class="server", observed_at=0, identifiers=[("hostname", name)]
        )
        for name in ("web", "mail")
        for source in ("agent", "other")
    ]
    system = build(Settings(store=f"sqlite:///{tmp_path}/cli.db"))
    take(system.parts, None, said)
    system.close()
    asked = ("review", "--pattern", "+hostname", "--merge")
    assert "2 reviews: 4 CIs become 2, the largest made of 2" in cmdb(*asked, "--preview")
    assert "2 open reviews" in cmdb("review")
    assert "--reason" in cmdb(*asked)
    assert "no open review" in cmdb("review", "--pattern", "+hostnam", "--merge", "--preview")
    assert "one review, or all of a --pattern" in cmdb("review", "x.y", "--pattern", "+hostname", "--merge")
    decided = re.search(r"decided: (\S+)", cmdb(*asked, "--reason", "one name space"))
    assert decided is not None
    assert "0 open reviews" in cmdb("review")
    assert "taken back" in cmdb("undo", decided[1])
    assert "2 open reviews" in cmdb("review")


def test_a_pattern_is_shown_decided_for_all_and_taken_back_as_one(steward: TestClient, tell: Tell) -> None:
    tell(*_doubtful("web"), *_doubtful("mail"))
    before, waiting = _where(steward), steward.get("/v1/reviews").json()["items"]
    (alike,) = steward.get("/v1/reviews", params={"group": "pattern"}).json()["items"]
    asked = {"pattern": alike["pattern"], "decision": "merge", "reason": "I looked at some"}
    shown = steward.post("/v1/review-patterns", json={**asked, "preview": True}).json()
    assert shown["effect"] == {"reviews": 2, "cis": 4, "becoming": 2, "largest": 2}
    assert _where(steward) == before
    done = steward.post("/v1/review-patterns", json=asked).json()
    assert (done["decided"], done["refused"]) == (2, {})
    assert len(set(_where(steward).values())) == shown["effect"]["becoming"]
    assert steward.get("/v1/reviews").json()["items"] == []
    assert steward.delete(f"/v1/decisions/{done['decision_id']}").status_code == 200
    assert _where(steward) == before
    assert steward.get("/v1/reviews").json()["items"] == waiting
    problem(steward.delete(f"/v1/decisions/{done['decision_id']}"), 404, "unknown-reference")


def test_what_only_a_person_keeps_apart_is_said_so(steward: TestClient, tell: Tell) -> None:
    tell(line("a", identifiers={"serial": "S-1"}), line("b", source="other", identifiers={"serial": "S-1"}))
    (ci,) = set(_where(steward).values())
    records = [{"source": "other", "record": "b"}]
    done = steward.post("/v1/splits", json={"ci": ci, "records": records, "reason": "two boxes"}).json()
    asked = {"a": "record:agent:a", "b": "record:other:b"}
    found = steward.get("/v1/identity/explain", params=asked).json()
    assert found["score"] >= found["threshold"]
    assert found["vetoes"] == ["what a person decided stands between them"]
    assert found["decisions"] == [done["split_id"]]


def test_who_is_limited_to_realms_decides_there_alone(login: Login, steward: TestClient, tell: Tell) -> None:
    for realm in ("berlin", "paris"):
        for source in ("agent", "other"):
            tell(line(f"{realm}-pc", source=source, realm=realm, identifiers={"hostname": f"{realm}-pc"}))
    both = steward.get("/v1/reviews").json()["items"]
    (elsewhere,) = [review["id"] for review in both if review["a_name"] == "paris-pc"]
    (here,) = [review["id"] for review in both if review["a_name"] == "berlin-pc"]
    limited = login("steward", realms=["berlin"])
    answer = {"decision": "merge", "reason": "same"}
    (pattern,) = limited.get("/v1/reviews", params={"group": "pattern"}).json()["items"]
    assert pattern["count"] == 1
    problem(limited.post(f"/v1/reviews/{elsewhere}", json=answer), 404, "unknown-reference")
    theirs = steward.post(f"/v1/reviews/{elsewhere}", json=answer).json()["decision_id"]
    problem(limited.delete(f"/v1/decisions/{theirs}"), 404, "unknown-reference")
    problem(limited.post("/v1/identity/resolve", json={"shadow": True}), 403, "forbidden")
    mine = limited.post(f"/v1/reviews/{here}", json=answer).json()["decision_id"]
    assert [kept["id"] for kept in limited.get("/v1/decisions").json()["items"]] == [mine]
    assert limited.delete(f"/v1/decisions/{mine}").status_code == 200
    assert steward.delete(f"/v1/decisions/{theirs}").status_code == 200


def test_a_pattern_that_nothing_has_is_no_decision(steward: TestClient) -> None:
    answer = {"pattern": "+hostnam", "decision": "merge", "reason": "same"}
    for preview in (True, False):
        asked = steward.post("/v1/review-patterns", json={**answer, "preview": preview})
        assert "group=pattern" in problem(asked, 404, "unknown-reference")["detail"]
    assert steward.get("/v1/decisions").json()["items"] == []
    problem(steward.get("/v1/reviews", params={"group": "pattern", "cursor": "x"}), 400, "bad-cursor")
