"""How quality looks to a client: every number beside the question that opens the list behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.searching import spelled
from cmdb.ci_class import DAY
from cmdb.expectations import expected_attributes, stale_after
from cmdb.time import to_rfc3339
from cmdb.vocabulary import Vocabulary
from graph.quality import AskedPair, Cell, Measures, Pair, Quality, Twin
from graph.store import ANY
from graph.survey import UnresolvedEnd

CIS, DUPLICATES, UNRESOLVED = "/v1/cis", "/v1/quality/duplicates", "/v1/quality/unresolved"
REVIEWS = "/v1/quality/reviews"


def spelled_quality(quality: Quality, vocabulary: Vocabulary, realms: Sequence[str]) -> dict[str, Any]:
    """Measures of everything, then by class, by source, and by both; cells in which nothing is are left out."""
    within = _Within(vocabulary, {"realm": ",".join(map(spelled, realms))} if realms else {})

    def of(wanted: Sequence[bool]) -> list[dict[str, Any]]:
        return [
            {**_named(cell), **within.measures(cell, quality.cells[cell])}
            for cell in sorted(quality.cells, key=lambda cell: (cell[0] or "", cell[1] or ""))
            if [part is not None for part in cell] == wanted
        ]

    return {
        "revision": quality.revision,
        "at": to_rfc3339(quality.at),
        **within.measures((None, None), quality.cells[None, None]),
        "by_class": of([True, False]),
        "by_source": of([False, True]),
        "by_class_and_source": of([True, True]),
    }


def _named(cell: Cell) -> dict[str, str]:
    return {name: part for name, part in zip(("class", "source"), cell, strict=True) if part is not None}


class _Within:
    """What all questions of one report have in common."""

    def __init__(self, vocabulary: Vocabulary, realm: Mapping[str, str]) -> None:
        self.vocabulary, self.realm = vocabulary, realm

    def measures(self, cell: Cell, counted: Measures) -> dict[str, Any]:
        ci_class, source = cell
        among: dict[str, str] = dict(self.realm)
        if ci_class is not None:
            among["class"] = ci_class
        seen = {**among, **({"seen_by": spelled(source)} if source is not None else {})}
        said = {**among, **({"source": source} if source is not None else {})}

        def cis(count: int, **condition: str) -> dict[str, Any]:
            share = {"share": round(count / counted.cis, 4)} if counted.cis and condition else {}
            return {"count": count, **share, "query": question(CIS, {**seen, **condition})}

        completeness = {
            **cis(counted.incomplete, incomplete="true"),
            # Of values, not of CIs: how much of what is expected somebody says.
            "share": round(counted.said / counted.expected, 4) if counted.expected else None,
        }
        staleness = cis(counted.stale, stale="true")
        if ci_class is not None:
            declared = self.vocabulary.classes[ci_class]
            completeness["attributes"] = [
                {"attribute": name, **cis(counted.lacking.get(name, 0), lacks=name)}
                for name in expected_attributes(declared)
            ]
            age = stale_after(declared)
            staleness["after_days"] = None if age is None else age / DAY
        return {
            "cis": cis(counted.cis),
            "completeness": completeness,
            "staleness": staleness,
            "duplicates": {
                "count": counted.duplicates,
                "query": question(DUPLICATES, said),
                "open_reviews": {"count": counted.reviews, "query": question(REVIEWS, said)},
            },
            "orphans": cis(counted.orphans, orphan="true"),
            "conflicts": {
                **cis(counted.conflicts, conflict=ANY),
                "attributes": [
                    {"attribute": name, **cis(count, conflict=name)} for name, count in sorted(counted.disputed.items())
                ],
            },
            "unresolved_ends": {"count": counted.unresolved, "query": question(UNRESOLVED, said)},
        }


def question(path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The question that opens a list, as it is asked by GET."""
    return {"path": path, "parameters": dict(parameters)}


def pair(found: Pair) -> dict[str, Any]:
    """Two CIs that may be one."""
    return {
        "a": _twin(found.a),
        "b": _twin(found.b),
        "shared": [{"kind": shared.kind, "value": shared.value} for shared in found.shared],
    }


def asked_pair(found: AskedPair) -> dict[str, Any]:
    """Two CIs of which a person is asked; `review` opens the evidence under `/v1/reviews/{id}`."""
    return {"review": found.review, "score": found.score, "a": _twin(found.a), "b": _twin(found.b)}


def _twin(twin: Twin) -> dict[str, Any]:
    return {"id": twin.id, "class": twin.ci_class, "name": twin.name, "sources": twin.sources}


def unresolved_end(end: UnresolvedEnd) -> dict[str, Any]:
    """What a record names and no single CI is."""
    return {
        "ci": end.ci,
        "class": end.ci_class,
        "name": end.name,
        "source": end.source,
        "realm": end.realm,
        "record": end.record,
        "type": end.type,
        "direction": "out" if end.outgoing else "in",
        "reference": end.reference,
        "group": end.group,
    }
