"""Active Directory, read in full and then by what has moved: requests, objects and seconds of each.

    python benchmarks/directory.py          5,000 users, 500 groups, 2,000 computers in a Samba domain controller
    python benchmarks/directory.py --users 500 --groups 50 --computers 200

Groups are nested, with one cycle and one group of 80 % of the users; 30 % of the computers were not heard of for a
year. What was read is compared, name by name and member by member, with what samba-tool and ldbsearch list themselves.
Needs root, samba and ldb-tools; PYTHONPATH=tests. Loading takes longer than everything that is measured.
"""

import argparse
import itertools
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cmdb.vocabulary import vocabulary
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Raw, Reading
from discovery.sources import SOURCES
from discovery.sources.ldap.settings import LdapSettings
from graph.open_store import open_store
from graph.store import Search
from lab.directory_estate import Estate, computer_name, group_dn, in_parts, memberships, person_dn
from lab.samba_dc import BASE, SambaDC, samba_dc
from lab.unavailable import Unavailable

LDAP = SOURCES["ldap"]


def now() -> int:
    """Microseconds: the domain controller runs by the same clock."""
    return time.time_ns() // 1_000


@contextmanager
def fresh_parts() -> Iterator[Parts]:
    """An empty SQLite store."""
    words = vocabulary({name: source.traits for name, source in SOURCES.items()})
    ids = itertools.count(1)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/graph.db", words)
        try:
            yield Parts(store, words, now, lambda: f"id{next(ids):08}")
        finally:
            store.close()


def read(parts: Parts, settings: LdapSettings, what: str) -> RunReport:
    """One run, with its row of the table."""
    began = time.perf_counter()
    report = run_source(parts, LDAP, settings)
    took = time.perf_counter() - began
    if report.status != "complete":
        raise SystemExit(f"{what}: {report.status}: {report.errors or report.scopes or report.held_because}")
    (note,) = [note for note in report.notes if "requests" in note]
    counted = re.search(r"(\d+) objects, (\d+) deleted, (\d+) requests", note)
    assert counted is not None
    objects, deleted, requests = counted.groups()
    print(
        f"| {what} | {requests} | {objects} | {deleted} | {took:.2f} s | {report.created} | {report.updated} "
        f"| {report.unresolved} |",
        flush=True,
    )
    return report


def compare(parts: Parts, dc: SambaDC, estate: Estate) -> None:
    """Names by class and members of every group, ours beside Samba's own. Stops the benchmark where they differ."""
    found = list(parts.store.search_all(Search(lifecycles=("live", "missing")))[1])
    kept = [ci for ci in found if ci.lifecycle == "live" or ci.ci_class in ("server", "workstation")]

    def ours(*classes: str) -> set[str]:
        return {ci.name for ci in kept if ci.ci_class in classes}

    def theirs(what: str) -> set[str]:
        return {line.removesuffix("$") for line in dc.samba_tool(what, "list").splitlines() if line}

    pairs = {
        "users": (ours("user", "service_account"), theirs("user")),
        "groups": (ours("group"), theirs("group")),
        "computers": (ours("server", "workstation") - gone(parts), theirs("computer")),
    }
    for what, (mine, listed) in pairs.items():
        if mine != listed:
            raise SystemExit(f"{what} differ: {sorted(mine ^ listed)[:5]}")
    compared = _members_compared(parts, dc, estate)
    sizes = ", ".join(f"{len(mine):,} {what}" for what, (mine, _) in pairs.items())
    print(f"\nequal to samba-tool's and ldbsearch's own listing: {sizes}, {compared:,} memberships\n", flush=True)


def gone(parts: Parts) -> set[str]:
    """Names of what the directory said is gone."""
    views = (parts.store.item(ci.id) for ci in parts.store.search_all(Search(lifecycles=("missing", "retired")))[1])
    return {view.ci.name for view in views if view is not None and view.ci.because == "gone"}


def _members_compared(parts: Parts, dc: SambaDC, estate: Estate) -> int:
    """How many memberships of the estate's groups are the same here and there."""
    listed: set[tuple[str, str]] = set()
    group = ""
    text = dc.search(f"(&(objectClass=group)(sAMAccountName={estate.mark}g*))", "member").replace("\n ", "")
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        if key == "dn":
            group = value
        elif key == "member":
            listed.add((group, value))
    kept: set[tuple[str, str]] = set()
    deleted = gone(parts)  # a group is not written to when what it holds is deleted
    for ci in parts.store.search_all(Search(classes=("group",)))[1]:
        view = parts.store.item(ci.id)
        if view is None or not ci.name.startswith(f"{estate.mark}g") or ci.name in deleted:
            continue
        folder = f"OU=Groups,{estate.branch}"
        for relation in view.relations:
            if relation.type != "member_of" or relation.to_ci != ci.id:
                continue
            if (name := view.neighbours[relation.from_ci]) not in deleted:
                inside = folder if name.startswith(f"{estate.mark}g") else f"OU=People,{estate.branch}"
                kept.add((f"CN={ci.name},{folder}", f"CN={name},{inside}"))
    if listed != kept:
        raise SystemExit(f"memberships differ: {sorted(listed ^ kept)[:5]}")
    return len(kept)


def change(dc: SambaDC, estate: Estate) -> None:
    """15 users with another title, 5 groups with one member less; 3 users, a group and a computer deleted."""
    retitled = "\n".join(
        f"dn: {person_dn(estate, n)}\nchangetype: modify\nreplace: title\ntitle: Captain\n" for n in range(10, 25)
    )
    smaller = "\n".join(
        f"dn: {group_dn(estate, n)}\nchangetype: modify\ndelete: member\nmember: {group_dn(estate, n + 1)}\n"
        for n in range(10, 15)
    )
    dc.modify(f"{retitled}\n{smaller}")
    last = estate.people - 1
    deleted = [person_dn(estate, n) for n in (last, last - 1, last - 2)]
    deleted += [group_dn(estate, 20), f"CN={computer_name(estate, estate.computers - 1)},OU=Machines,{estate.branch}"]
    dc.modify("\n".join(f"dn: {dn}\nchangetype: delete\n" for dn in deleted))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, result)"""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def main() -> None:
    """The estate that was asked for; where no domain controller can be had, the reason."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--users", type=int, default=5_000)
    asked.add_argument("--groups", type=int, default=500)
    asked.add_argument("--computers", type=int, default=2_000)
    wanted = asked.parse_args()
    estate = Estate(
        f"OU=Bench,{BASE}",
        people=wanted.users,
        groups=wanted.groups,
        largest=wanted.users * 4 // 5,
        computers=wanted.computers,
        silent=wanted.computers * 3 // 10,
        mark="b",
    )
    try:
        measure(estate)
    except Unavailable as reason:
        print(f"not measured here: {reason}")


def measure(estate: Estate) -> None:
    """Print the table. Raises Unavailable."""
    with samba_dc() as dc, fresh_parts() as parts:
        began = time.perf_counter()
        for part in in_parts(estate, time.time()):
            dc.add(part)
        dc.modify(memberships(estate))
        print(f"loaded in {time.perf_counter() - began:.0f} s\n", flush=True)
        settings = LdapSettings(
            url=dc.url, user="administrator@lab.example", password=dc.password, ca_file=str(dc.ca_file)
        )
        bare, raws = timed(lambda: [one for one in LDAP.fetch(settings, Reading(now)) if isinstance(one, Raw)])
        listing, _ = timed(lambda: dc.search("(|(objectClass=user)(objectClass=group))", "*"))
        print(f"over the wire alone: {len(raws):,} entries in {bare:.2f} s; ldbsearch on the file: {listing:.2f} s\n")
        print("| reading | requests | objects | deleted | time | created | updated | ends unresolved |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        read(parts, settings, "full")
        read(parts, settings, "nothing changed")
        change(dc, estate)
        read(parts, settings, "20 changes, 5 deletions")
        compare(parts, dc, estate)
        machines = ("server", "workstation")
        missing = list(parts.store.search_all(Search(classes=machines, lifecycles=("missing",)))[1])
        silent = [ci for ci in missing if ci.name not in gone(parts)]
        retired = list(parts.store.search_all(Search(classes=machines, lifecycles=("retired",)))[1])
        print(f"computers missing without contact: {len(silent):,} of {estate.silent:,}; retired: {len(retired)}")


if __name__ == "__main__":
    main()
