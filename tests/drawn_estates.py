"""Small hostile estates drawn by a seed, and everything of a graph that must not depend on how it was told."""

import random
from collections.abc import Callable
from typing import Any

from cmdb.observation import Claim, Observation

Say = Callable[..., Observation]


def claim_on(to: str, **more: Any) -> Claim:
    """That something depends on what a reference means."""
    return Claim("depends_on", True, to, **more)


def names_of(graph: Any) -> dict[str, str]:
    """CI → a name that does not depend on ids: the records it holds."""
    held: dict[str, list[str]] = {}
    for key, record in graph.stored.items():
        for place, ci in enumerate(reversed(record.cis)):
            held.setdefault(ci, []).append(f"{key}~{place}" if place else key)
    return {ci: " + ".join(sorted(sightings)) for ci, sightings in held.items()}


def content_of(graph: Any) -> dict[str, Any]:
    """Everything that must not depend on order, up to the renaming of ids."""
    names = names_of(graph)
    return {
        "cis": {
            names[ci.id]: (
                ci.ci_class,
                ci.name,
                ci.first_seen,
                ci.last_seen,
                ci.facts,
                ci.identifiers,
                names.get(ci.parent or ""),
            )
            for ci in graph.cis.values()
        },
        "relations": {
            (edge.type, names[edge.from_ci], names[edge.to_ci]): (edge.requirements, edge.effect, edge.witnesses)
            for edge in graph.edges.values()
        },
        "waiting": set(graph.waits),
    }


def _perhaps(dice: random.Random, **kinds: tuple[float, str, int]) -> dict[str, Any]:
    """Each kind with its probability, as one of so many values of its form."""
    return {
        kind: form.format(dice.randint(1, most)) for kind, (share, form, most) in kinds.items() if dice.random() < share
    }


def hostile_fleet(say: Say, seed: int) -> list[Observation]:
    """A small hostile fleet: shared and worthless values, renamed hosts, reused records, parts, cross references."""
    dice = random.Random(seed)
    found = []
    for n in range(dice.randint(3, 14)):
        source = dice.choice(["nmap", "ad", "jamf", "agent"])
        day = dice.randint(0, 12) + n / 1000
        identifiers = _perhaps(
            dice, serial=(0.5, "SER{}", 4), hostname=(0.4, "host-{}", 3), fqdn=(0.3, "host-{}.corp.example", 3),
            mac=(0.4, "8c:85:90:00:00:0{}", 4),
        )  # fmt: skip
        record = f"r{dice.randint(1, 4)}"
        if source == "nmap":
            record = f"10.0.0.{dice.randint(1, 4)}"
            identifiers["ip"] = record
        elif dice.random() < 0.4:
            identifiers["ip"] = f"10.0.0.{dice.randint(1, 4)}"
        claims = tuple(
            Claim("depends_on", dice.random() < 0.7, reference, dice.choice([None, "g"]))
            for reference in dice.sample(
                [
                    "serial:SER1",
                    "name:host-1",
                    "hostname:host-2",
                    "ip:10.0.0.3",
                    "record:agent:r1",
                    "fqdn:host-3.corp.example",
                ],
                dice.randint(0, 3),
            )
        )
        if dice.random() < 0.25:
            found.append(
                say(f"part-{dice.randint(1, 3)}", source=source, ci_class="endpoint", day=day, name=f"tcp/{dice.choice([80, 443])}",
                    within=dice.choice(["serial:SER1", f"record:{source}:{record}", "hostname:host-1"]))
            )  # fmt: skip
        attributes = {"os": f"v{dice.randint(1, 3)}"} if dice.random() < 0.5 else {}
        found.append(
            say(
                record,
                source=source,
                ci_class=dice.choice(["server", "device"]),
                day=day,
                claims=claims,
                attributes=attributes,
                **identifiers,
            )
        )
    return found


def in_batches(observations: list[Observation], dice: random.Random) -> list[list[Observation]]:
    batches: list[list[Observation]] = []
    for said in observations:
        if not batches or dice.random() < 0.4:
            batches.append([])
        batches[-1].append(said)
    return batches


def weeks_of_repetition(say: Say, seed: int) -> list[Observation]:
    """A few things that say the same again for weeks, on addresses that go from one to the next."""
    dice = random.Random(seed)
    things: list[dict[str, Any]] = []
    for _ in range(dice.randint(2, 6)):
        address = f"10.0.0.{dice.randint(1, 2)}"
        thing: dict[str, Any] = {"record": address, "source": "nmap", "ip": address}
        if dice.random() < 0.6:
            thing = {"record": f"r{dice.randint(1, 3)}", "source": dice.choice(["agent", "ad"]), "ip": address}
            thing |= _perhaps(dice, serial=(0.4, "SER{}", 2))
        thing |= _perhaps(dice, mac=(0.5, "8c:85:90:00:00:0{}", 3), hostname=(0.3, "host-{}", 2))
        if dice.random() < 0.5:
            thing["attributes"] = {"os": f"v{dice.randint(1, 2)}"}
        if dice.random() < 0.2:
            thing["claims"] = (claim_on(dice.choice(["ip:10.0.0.1", "hostname:host-1"])),)
        things.append(thing)
    days = [0, 1, 2, 3.5, 5, 8, 9, 12, 14, 16, 20]
    return [say(day=dice.choice(days) + n / 1000, **dice.choice(things)) for n in range(1, dice.randint(5, 11))]
