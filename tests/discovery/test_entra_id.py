"""A tenant read by Microsoft Graph: whole, then by what has moved; what fails retires nothing."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cmdb.configuration_item import ConfigurationItem
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.sources import SOURCES
from graph.store import ItemView, Search
from lab.graph_server import GraphServer, graph_server
from lab.json_service import Answer
from lab.small_tenant import ANN, BOB, LAPTOP, STAFF, fill, guid

MINUTE = 60 * 1_000_000
EVERYTHING = {"users", "groups", "devices", "service_principals"}


@pytest.fixture
def tenant() -> Iterator[GraphServer]:
    with graph_server() as server:
        fill(server)
        yield server


def read(parts: Parts, server: GraphServer, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    stated = {"base_url": f"{server.root}/v1.0", "token": "right", "tenant": "corp.example", "patience": 1, **more}
    source = SOURCES["entra_id"]
    return run_source(parts, source, source.settings.model_validate(stated))


def lifecycles(parts: Parts) -> dict[str, str]:
    return {found.name: found.lifecycle for found in parts.store.search(Search(lifecycles=()), after=None, limit=1000)}


def view(parts: Parts, name: str) -> ItemView:
    (found,) = (one for one in parts.store.search(Search(lifecycles=()), after=None, limit=1000) if one.name == name)
    shown = parts.store.item(found.id)
    assert shown is not None
    return shown


def ci(parts: Parts, name: str) -> ConfigurationItem:
    return view(parts, name).ci


def ends(parts: Parts, name: str, relation_type: str) -> set[str]:
    """Names of the things at the other end of its relations of a type."""
    shown = view(parts, name)
    me = shown.ci.id
    others = [one.to_ci if one.from_ci == me else one.from_ci for one in shown.relations if one.type == relation_type]
    return {shown.neighbours[other] for other in others}


def scopes(report: RunReport) -> dict[str, bool]:
    return {scope.scope.partition("/")[2]: scope.complete for scope in report.scopes}


# -- everything ------------------------------------------------------------------------------------------------------


def test_a_tenant_is_read_whole_with_its_relations(parts: Parts, tenant: GraphServer) -> None:
    report = read(parts, tenant)
    assert (report.status, report.accepted, report.rejected) == ("complete", 6, 0)
    assert scopes(report) == dict.fromkeys(EVERYTHING, True)
    ann = ci(parts, "Ann")
    borne = {(one.kind, one.value) for one in ann.identifiers}
    assert borne >= {("entra_object_id", ANN), ("upn", "ann@corp.example"), ("email", "ann@corp.example")}
    assert ann.facts["department"].value == "Optics"
    assert (ci(parts, "Bob").facts["enabled"].value, ci(parts, "Bob").ci_class) == (False, "user")
    assert ends(parts, "Staff", "member_of") == {"Ann", "Bob", "Admins"}
    assert ends(parts, "Admins", "member_of") == {"Ann", "LAP-042", "Staff"}
    assert ci(parts, "LAP-042").facts["os"].value == "Windows 10.0.22631"
    payroll = ci(parts, "Payroll")
    assert payroll.facts["app_roles_given"].value == (f"Pay.Approve to {ANN}",)
    assert ends(parts, "Payroll", "assigned_to") == {"Ann"}


def test_a_device_was_last_seen_when_it_signed_in_not_when_it_was_listed(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    assert ci(parts, "LAP-042").last_seen == 1_727_683_200_000_000


def test_pages_that_are_empty_are_followed(parts: Parts, tenant: GraphServer) -> None:
    tenant.page, tenant.empty_pages = 1, True
    assert read(parts, tenant).accepted == 6


def test_a_part_can_be_read_by_itself(parts: Parts, tenant: GraphServer) -> None:
    assert scopes(read(parts, tenant, scope="devices")) == {"devices": True}
    wrong = read(parts, tenant, scope="printers")
    assert wrong.status == "failed"
    assert "known: users, groups" in wrong.errors[0]


# -- what has moved --------------------------------------------------------------------------------------------------


def test_the_second_reading_asks_only_for_what_has_moved(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    asked = len(tenant.asked)
    report = read(parts, tenant, scope="users,groups,devices")
    assert (report.status, report.seen, report.missed) == ("complete", 0, 0)
    assert len(tenant.asked) - asked == 3
    assert set(lifecycles(parts).values()) == {"live"}


def test_a_change_names_some_properties_and_the_others_stand(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.put("users", {"id": ANN, "department": "Sales"})
    assert read(parts, tenant, scope="users").accepted == 1
    ann = ci(parts, "Ann")
    assert (ann.facts["department"].value, ann.facts["enabled"].value) == ("Sales", True)
    assert ("upn", "ann@corp.example") in {(one.kind, one.value) for one in ann.identifiers}


def test_a_group_whose_members_move_is_read_with_all_of_them(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.set_members(STAFF, [BOB, LAPTOP])
    read(parts, tenant, scope="groups")
    assert ends(parts, "Staff", "member_of") == {"Bob", "LAP-042"}


def test_what_was_deleted_is_gone_and_nothing_else(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.remove("users", BOB, "deleted")
    tenant.remove("devices", LAPTOP, "changed")
    tenant.out_of_view("users", ANN)
    assert read(parts, tenant).status == "complete"
    found = lifecycles(parts)
    assert {name for name, lifecycle in found.items() if lifecycle != "live"} == {"Bob", "LAP-042"}


def test_the_last_word_on_an_object_stands_however_often_it_is_named(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.page = 2
    for department in ("A", "B", "C", "D", "E"):
        tenant.put("users", {"id": ANN, "department": department})
    report = read(parts, tenant, scope="users")
    assert (report.accepted, ci(parts, "Ann").facts["department"].value) == (1, "E")


@pytest.mark.parametrize(("status", "code"), [(410, "syncStateNotFound"), (400, "syncStateNotFound"), (404, "x")])
def test_an_expired_place_leads_to_a_full_reading(parts: Parts, tenant: GraphServer, status: int, code: str) -> None:
    read(parts, tenant)
    tenant.tables["users"].pop(BOB)  # unseen, as deletions are after a week
    tenant.fail("users/delta.*deltatoken", Answer(status, {"error": {"code": code}}))
    report = read(parts, tenant, scope="users")
    assert (report.status, report.missed) == ("complete", 1)
    assert any("expired" in note for note in report.notes)
    assert lifecycles(parts)["Bob"] != "live"


def test_full_reads_everything_though_a_place_is_kept(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    assert read(parts, tenant, full=True).accepted == 6


def test_a_place_kept_at_another_service_is_not_gone_to(parts: Parts, tenant: GraphServer) -> None:
    with graph_server() as other:
        fill(other)
        read(parts, other, scope="users")
        asked = len(other.asked)
        assert read(parts, tenant, scope="users").accepted == 2
        assert len(other.asked) == asked


def test_a_service_without_delta_queries_is_listed(parts: Parts, tenant: GraphServer) -> None:
    tenant.has_delta = False
    assert read(parts, tenant).status == "complete"
    tenant.tables["users"].pop(BOB)
    assert read(parts, tenant).missed == 1


def test_half_a_character_rejects_its_object_and_not_the_page(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    next(iter(tenant.tables["groups"].values()))["displayName"] = "cut \ud83d"
    report = read(parts, tenant, full=True)
    assert (report.status, report.rejected, report.missed) == ("complete", 1, 0)


# -- what fails ------------------------------------------------------------------------------------------------------

GROUPS = "v1.0/groups"
TOO_MANY = Answer(429, {"error": {"code": "TooManyRequests"}})
OUT_OF_ORDER = {
    "404": (Answer(404, {"error": {"code": "ResourceNotFound"}}), "404"),
    "403": (Answer(403, {"error": {"code": "Authorization_RequestDenied"}}), "403"),
    "html": (Answer(200, b"<html>Sign in</html>", kind="text/html"), "text/html came instead of JSON"),
    "cut json": (Answer(200, b'{"value": [{"id": "1"'), "cut off"),
    "no gzip": (Answer(200, b"plain", {"Content-Encoding": "gzip"}), "not compressed as it says"),
    "redirect": (Answer(302, b"", {"Location": "http://192.0.2.1/"}), "never followed"),
    "no rows": (Answer(200, {"values": []}), "no rows"),
    "no end": (Answer(200, {"value": []}), "without a link"),
}


@pytest.mark.parametrize("failure", OUT_OF_ORDER)
def test_one_part_that_fails_leaves_the_others_alone(parts: Parts, tenant: GraphServer, failure: str) -> None:
    answer, word = OUT_OF_ORDER[failure]
    read(parts, tenant)
    tenant.tables["groups"].clear()
    tenant.fail(GROUPS, answer)
    report = read(parts, tenant, full=True, patience=5)
    assert report.status == "partial"
    assert scopes(report) == {name: name != "groups" for name in EVERYTHING}
    (reason,) = (scope.reason for scope in report.scopes if not scope.complete)
    assert reason is not None
    assert word in reason
    assert (report.missed, set(lifecycles(parts).values())) == (0, {"live"})


ENDS_IT = {
    "429": (TOO_MANY, "429"),
    "429 with a time": (Answer(429, {}, {"Retry-After": "1"}), "429"),
    "429 with a long time": (Answer(429, {}, {"Retry-After": "86400"}), "86400"),
    "503": (Answer(503, b"busy", kind="text/plain"), "503"),
    "cut short": (Answer(200, {"value": []}, cut=5), "no answer"),
    "silence": (Answer(200, {"value": []}, hang=0.4), "no answer"),
    "401": (Answer(401, {"error": {"code": "InvalidAuthenticationToken"}}), "set another `token`"),
}


@pytest.mark.parametrize("failure", ENDS_IT)
def test_a_service_that_fails_for_good_ends_the_run(parts: Parts, tenant: GraphServer, failure: str) -> None:
    answer, word = ENDS_IT[failure]
    read(parts, tenant)
    tenant.tables["groups"].clear()
    tenant.fail(GROUPS, answer)
    report = read(parts, tenant, full=True, timeout=0.2 if failure == "silence" else 60)
    assert report.status == "partial"
    assert scopes(report) == {name: name == "users" for name in EVERYTHING}
    assert word in report.errors[0]
    assert (report.missed, set(lifecycles(parts).values())) == (0, {"live"})
    assert tenant.count("devices/delta") == 1, "it was not asked again after it had given up"


@pytest.mark.parametrize("answer", [TOO_MANY, Answer(503, {}, {"Retry-After": "0.2"}), Answer(200, b'{"val')])
def test_what_passes_by_waiting_is_waited_for(parts: Parts, tenant: GraphServer, answer: Answer) -> None:
    tenant.fail(GROUPS, answer, times=1)
    assert read(parts, tenant).status == "complete"


def test_a_token_that_expires_on_the_way_keeps_what_was_read(parts: Parts, tenant: GraphServer) -> None:
    tenant.page = 1
    tenant.fail("", Answer(401, {}), skip=3)
    report = read(parts, tenant)
    assert (report.status, report.accepted, report.missed) == ("partial", 2, 0)


def test_a_wrong_token_fails_the_run_and_shows_up_nowhere(parts: Parts, tenant: GraphServer) -> None:
    report = read(parts, tenant, token="s3cr3t-t0ken")
    assert report.status == "failed"
    assert "s3cr3t" not in repr(report)


@pytest.mark.parametrize("elsewhere", ["http://192.0.2.1:80", "https://127.0.0.1", "http://x@127.0.0.1", "ftp://h"])
def test_a_next_link_that_leads_elsewhere_is_not_followed(parts: Parts, tenant: GraphServer, elsewhere: str) -> None:
    read(parts, tenant)
    tenant.page, tenant.links_to = 1, elsewhere
    tenant.tables["users"].pop(BOB)
    tenant.put("users", {"id": guid(9), "displayName": "Cy"})
    report = read(parts, tenant, full=True)
    assert (report.status, report.missed) == ("partial", 0)
    assert any("elsewhere" in (scope.reason or "") for scope in report.scopes)


def test_pages_that_lead_in_a_circle_are_left(parts: Parts, tenant: GraphServer) -> None:
    again = f"{tenant.root}/v1.0/users/delta?$skiptoken=again"
    tenant.fail("users/delta", Answer(200, {"value": [], "@odata.nextLink": again}))
    report = read(parts, tenant, scope="users")
    assert report.status == "failed"
    assert "circle" in report.errors[0]


def test_nothing_goes_missing_where_no_answer_holds_a_page(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.granted.clear()
    report = read(parts, tenant, full=True)
    assert (report.status, report.missed) == ("failed", 0)
    assert "403" in report.errors[0]


def test_an_object_that_cannot_be_read_is_refused_by_itself(parts: Parts, tenant: GraphServer) -> None:
    tenant.put("devices", {"id": guid(8), "displayName": "odd", "approximateLastSignInDateTime": "yesterday"})
    report = read(parts, tenant)
    assert (report.accepted, report.rejected) == (6, 1)
    assert "yesterday" in report.reasons[0][1]


def test_a_run_that_is_stopped_ends_between_two_questions(parts: Parts, tenant: GraphServer) -> None:
    tenant.page = 1
    source = SOURCES["entra_id"]
    settings = source.settings.model_validate({"base_url": f"{tenant.root}/v1.0", "token": "right"})
    report = run_source(parts, source, settings, stopped=lambda: len(tenant.asked) >= 3)
    assert report.status == "partial"
    assert len(tenant.asked) == 3


def test_a_member_list_that_fails_leaves_the_group_as_it_was(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    tenant.fail("members", Answer(403, {"error": {"code": "Authorization_RequestDenied"}}))
    assert read(parts, tenant, full=True).status == "partial"
    assert ends(parts, "Staff", "member_of") == {"Ann", "Bob", "Admins"}


def test_a_service_without_assignments_still_tells_its_service_principals(parts: Parts, tenant: GraphServer) -> None:
    tenant.fail("appRoleAssignedTo", Answer(404, {"error": {"code": "ResourceNotFound"}}))
    assert read(parts, tenant).status == "complete"
    assert ci(parts, "Payroll").facts["app_roles"].value == ("Pay.Approve",)


def test_the_later_of_two_pages_has_the_last_word(parts: Parts, tenant: GraphServer) -> None:
    """A listing that takes a while may name an object again that changed meanwhile."""
    ticking = itertools.count(parts.now(), MINUTE // 1_000)
    link = f"{tenant.root}/v1.0/users/delta?$deltatoken=x"
    for number, department in enumerate(("A", "B", "C"), start=1):
        onward = {"@odata.nextLink": link.replace("x", str(number))} if number < 3 else {"@odata.deltaLink": link}
        rows = [{"id": ANN, "displayName": "Ann", "department": department}, {"id": guid(100 + number)}]
        pattern = "users/delta.*select" if number == 1 else f"deltatoken={number - 1}"
        tenant.fail(pattern, Answer(200, {"value": rows, **onward}))
    source = SOURCES["entra_id"]
    stated = {"base_url": f"{tenant.root}/v1.0", "token": "right", "scope": "users"}
    report = run_source(replace(parts, now=lambda: next(ticking)), source, source.settings.model_validate(stated))
    assert (report.status, report.accepted) == ("complete", 6)
    assert ci(parts, "Ann").facts["department"].value == "C"
