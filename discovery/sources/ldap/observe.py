"""What an entry says: the one function from a raw record to observations."""

from collections.abc import Callable, Iterable

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.source import Hearing
from discovery.sources.ldap.account import observed_account, record_of_account
from discovery.sources.ldap.distinguished_name import domain_name
from discovery.sources.ldap.entry import Entry, Kind
from discovery.sources.ldap.plain_observed import observed_plain
from discovery.sources.ldap.plain_record import record_of
from discovery.sources.ldap.said import Said

Understand = Callable[[Entry, Hearing], Said]


def observe(entry: Entry, hearing: Hearing) -> Iterable[Observation]:
    """One observation. Raises RecordRejected, with the record where it can be read."""
    record = _record(entry)
    try:
        if entry.kind == "deleted":
            gone = hearing.received_at
            yield observation(
                hearing.vocabulary, source="ldap", record=record, ci_class="", observed_at=gone, realm=hearing.realm,
                gone=True,
            )  # fmt: skip
            return
        said = UNDERSTAND[entry.kind](entry, hearing)
        yield observation(
            hearing.vocabulary,
            source="ldap",
            record=record,
            ci_class=said.ci_class,
            observed_at=hearing.received_at if said.contact is None else min(said.contact, hearing.received_at),
            realm=hearing.realm,
            name=said.name,
            identifiers=said.identifiers,
            attributes=said.attributes,
            claims=said.claims,
            read_at=hearing.received_at,
        )
    except (Invalid, ValueError) as wrong:
        raise RecordRejected(f"{entry.dn}: {wrong}", record) from None


def _record(entry: Entry) -> str:
    if entry.kind == "plain" or (entry.kind == "domain" and entry.domain is None):
        return record_of(entry)
    try:
        return record_of_account(entry)
    except ValueError as wrong:
        raise RecordRejected(f"{entry.dn}: {wrong}") from None


def observed_domain(entry: Entry, hearing: Hearing) -> Said:
    """What keeps the accounts. It needs one of its domain controllers."""
    identifiers = [("dn", entry.dn)]
    if entry.domain is not None:
        identifiers.append(("ad_guid", entry.domain))
    return Said(
        ci_class="directory",
        name=domain_name(entry.dn),
        identifiers=identifiers,
        attributes={"description": entry.text("description")},
        claims=[Claim("depends_on", True, member, group="domain controllers", need=1) for member in entry.members],
        contact=None,
    )


UNDERSTAND: dict[Kind, Understand] = {
    "account": observed_account,
    "plain": observed_plain,
    "domain": observed_domain,
}
"""kind of entry → what understands it; of what is deleted only the record is known"""
