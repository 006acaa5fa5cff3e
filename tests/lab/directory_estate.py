"""LDIF of a made-up company: people, nested groups with a cycle, computers of which some were not seen for a year."""

from collections.abc import Iterator
from typing import NamedTuple

TICKS = 10_000_000
"""of a FILETIME, a second"""
EPOCH = 11_644_473_600
"""seconds from 1601 to 1970"""


class Estate(NamedTuple):
    """How much of what; `branch` is the OU that all of it lies in."""

    branch: str
    people: int
    groups: int
    largest: int
    """members of the largest group"""
    computers: int
    silent: int
    """computers without contact for 400 days"""
    mark: str = ""
    """part of every account name, so that two estates fit into one domain"""


def filetime(seconds: float) -> int:
    """A time since 1970 as Active Directory writes it."""
    return int((seconds + EPOCH) * TICKS)


def structure(estate: Estate) -> str:
    """The branches."""
    dn = estate.branch
    entries = [f"dn: {dn}\nobjectClass: organizationalUnit\n"]
    entries += [f"dn: OU={name},{dn}\nobjectClass: organizationalUnit\n" for name in ("People", "Groups", "Machines")]
    return "\n".join(entries)


def people(estate: Estate) -> str:
    """Users; every one but the first has a manager."""
    return "\n".join(_person(estate, number) for number in range(estate.people))


def _person(estate: Estate, number: int) -> str:
    manager = f"manager: {person_dn(estate, number // 10)}\n" if number else ""
    account = f"{estate.mark}u{number}"
    return (
        f"dn: {person_dn(estate, number)}\nobjectClass: user\nsAMAccountName: {account}\n"
        f"userPrincipalName: {account}@lab.example\nmail: {account}@lab.example\n{manager}"
    )


def person_dn(estate: Estate, number: int) -> str:
    """The name of a person."""
    return f"CN={estate.mark}u{number},OU=People,{estate.branch}"


def group_dn(estate: Estate, number: int) -> str:
    """The name of a group."""
    return f"CN={estate.mark}g{number},OU=Groups,{estate.branch}"


def groups(estate: Estate) -> str:
    """Without members, so that they can hold one another."""
    return "\n".join(
        f"dn: {group_dn(estate, number)}\nobjectClass: group\nsAMAccountName: {estate.mark}g{number}\n"
        for number in range(estate.groups)
    )


def memberships(estate: Estate) -> str:
    """Group 0 is the largest; each further holds two people and the next one; the last holds group 1: a cycle."""
    return "\n".join(
        f"dn: {group_dn(estate, number)}\nchangetype: modify\nadd: member\n"
        + "".join(f"member: {dn}\n" for dn in members(estate, number))
        for number in range(estate.groups)
    )


def members(estate: Estate, number: int) -> list[str]:
    """Names of a group's members."""
    if number == 0:
        return [person_dn(estate, at) for at in range(estate.largest)]
    following = number + 1 if number + 1 < estate.groups else 1
    held = [group_dn(estate, following)] if following != number else []
    return held + [person_dn(estate, (number * 7 + at) % estate.people) for at in range(2)]


def computers(estate: Estate, now: float) -> str:
    """Computers, the first of them silent; every fifth is a server."""
    return "\n".join(_computer(estate, number, now) for number in range(estate.computers))


def computer_name(estate: Estate, number: int) -> str:
    """Without its `$`."""
    return f"{estate.mark}pc{number}"


def _computer(estate: Estate, number: int, now: float) -> str:
    name = computer_name(estate, number)
    seen = filetime(now - (400 if number < estate.silent else 3) * 86_400)
    system = "Windows Server 2022 Datacenter" if number % 5 == 0 else "Windows 11 Enterprise"
    return (
        f"dn: CN={name},OU=Machines,{estate.branch}\nobjectClass: computer\nsAMAccountName: {name}$\n"
        f"userAccountControl: 4096\ndNSHostName: {name}.lab.example\noperatingSystem: {system}\n"
        f"operatingSystemVersion: 10.0 (20348)\nlastLogonTimestamp: {seen}\nlastLogon: 0\n"
    )


def in_parts(estate: Estate, now: float) -> Iterator[str]:
    """LDIF to add, part by part; the memberships, last, are changes."""
    yield structure(estate)
    yield people(estate)
    yield groups(estate)
    yield computers(estate, now)
