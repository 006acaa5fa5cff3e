"""The working state of one patch: what the graph held, what it will hold, and what has moved between the two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cmdb.configuration_item import ConfigurationItem
from cmdb.decision import Decision, decided_key
from cmdb.identification import Review
from cmdb.identity_settings import DEFAULT_IDENTITY, IdentitySettings
from cmdb.linking import KeysBorne
from cmdb.meaning import Meanings
from cmdb.meeting import Meetings
from cmdb.observation import Observation
from cmdb.past import Saying
from cmdb.reference import escaped, folded_name
from cmdb.sighting import Record, Sighting, bringers, heard, sightings_of
from cmdb.surroundings import Surroundings
from cmdb.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that reconciliation needs beside the observations and the graph."""

    vocabulary: Vocabulary
    now: int
    new_id: Callable[[], str]
    settings: IdentitySettings = DEFAULT_IDENTITY
    run: str | None = None
    scope: str | None = None
    """the scope that reported records belong to from now on; None leaves them where they are"""
    decisions: tuple[Decision, ...] = ()


@dataclass(slots=True)
class Draft:
    """Mutable, and seen by nobody but the functions that fill it in turn."""

    around: Surroundings
    context: Context
    old: dict[str, Record] = field(default_factory=dict)
    """records as the graph holds them"""
    new: dict[str, Record] = field(default_factory=dict)
    """records as they will be"""
    sightings: dict[str, tuple[Sighting, ...]] = field(default_factory=dict)
    """of `new`, for every record that is laid out, and others that were asked for"""
    keys: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    """record → linking keys of each of its sightings, for every record that is laid out"""
    carriers: dict[str, set[str]] = field(default_factory=dict)
    """linking key → sightings of laid out records that carry it"""
    settled: set[str] = field(default_factory=set)
    """sightings whose CI has been decided in this patch"""
    placed: set[str] = field(default_factory=set)
    """records with such a sighting: their `cis` go with `sightings`"""
    groups: dict[str, tuple[Sighting, ...]] = field(default_factory=dict)
    """CI → its sightings, for every CI that a settled sighting belongs to"""
    items: dict[str, ConfigurationItem] = field(default_factory=dict)
    were: dict[str, ConfigurationItem] = field(default_factory=dict)
    """CIs as the graph holds them, of every settled sighting"""
    common: dict[str, int] = field(default_factory=dict)
    """linking keys that too many carry to link anything, with how many do"""
    weights: dict[tuple[str, str], float] = field(default_factory=dict)
    """`Weights` of the identifiers of what is settled"""
    steady: set[str] = field(default_factory=set)
    """settled sightings that can be seen again as they are without moving any group, as far as `near_keys` allow"""
    near_keys: set[str] = field(default_factory=set)
    """linking keys that others share without having met those of the draft so far"""
    timed: set[str] = field(default_factory=set)
    """records whose lifetimes decide which of several a claim means"""
    reviews: dict[str, Review] = field(default_factory=dict)
    """review id → what is asked"""
    lapsed: set[str] = field(default_factory=set)
    """ids of reviews that were open and are asked no more"""
    repeated: dict[str, Sequence[Observation]] = field(default_factory=dict)
    """record → observations that only move its times, unless the record is drawn into the draft"""
    drawn_in: set[str] = field(default_factory=set)
    """records that were to be a mere repetition and have been drawn into the draft"""
    sayings: list[Saying] = field(default_factory=list)
    """what records turn out to have said in between"""
    meanings: Meanings = field(init=False)
    """reference text → what it means and under which key its bearers are found"""

    meetings: Meetings = field(init=False)
    """which sightings met at an address"""
    borne: KeysBorne = field(init=False)
    """linking keys of sightings, with their times"""

    def __post_init__(self) -> None:
        self.meanings = Meanings(self.context.vocabulary)
        self.meetings = Meetings(self.context.vocabulary)
        self.borne = KeysBorne(self.context.vocabulary)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words everything is read with."""
        return self.context.vocabulary

    def load(self, records: Mapping[str, Record]) -> None:
        """Take stored records in, unless the draft knows them already."""
        for key, record in records.items():
            if key not in self.old:
                self.old[key] = record
                self.new.setdefault(key, self._with_repetitions(key, record))

    def _with_repetitions(self, key: str, record: Record) -> Record:
        """A record that is drawn into the draft after all hears what was set aside as a mere repetition."""
        saids = self.repeated.pop(key, ())
        if saids:
            self.drawn_in.add(key)
        for said in saids:
            record = heard(record, said, self.vocabulary, brought="", applied=0, heard_in=self.around.revision)
        scope = self.context.scope
        return record._replace(scope=scope) if saids and scope is not None else record

    def sightings_before(self, key: str) -> tuple[Sighting, ...]:
        """The sightings of a record as the graph holds it."""
        return self.around.sightings(key, self.vocabulary)

    def open_sighting(self, key: str) -> Sighting:
        """The open sighting of a record as it will be."""
        return self.sightings_now(key)[-1]

    def sightings_now(self, key: str) -> tuple[Sighting, ...]:
        """The sightings of a record as it will be."""
        seen = self.sightings.get(key)
        if seen is None or seen[-1].parent != self.new[key].parent:
            seen = self.sightings[key] = sightings_of(self.new[key], self.vocabulary)
        return seen

    def is_settled(self, key: str) -> bool:
        """Whether the CI of the record's open sighting has been decided in this patch."""
        return key in self.settled

    def settled_records(self) -> set[str]:
        """Records whose open sighting has its CI decided in this patch: an open sighting has its record's key."""
        return self.placed & self.settled

    def laid_out_keys(self, key: str) -> frozenset[str]:
        """Linking keys of all sightings of a record that is laid out."""
        return united(self.keys[key])


def keys_of(record: Record, sightings: Sequence[Sighting], borne: KeysBorne) -> tuple[frozenset[str], ...]:
    """Linking keys of each of a record's sightings; what a person called one with another shares a key with it."""
    if not record.rulings:
        return tuple([borne.linking_keys(sighting) for sighting in sightings])
    decided = _decided_keys(record, borne.vocabulary)
    return tuple(borne.linking_keys(sighting).union(decided.get(sighting.key, ())) for sighting in sightings)


def _decided_keys(record: Record, vocabulary: Vocabulary) -> Mapping[str, set[str]]:
    bearer = bringers(record, vocabulary)
    keys: dict[str, set[str]] = {}
    for ruling in record.rulings:
        for brought in (ruling.a, ruling.b) if ruling.verdict == "one" else ():
            if brought in bearer:
                keys.setdefault(bearer[brought], set()).add(decided_key(ruling))
    return keys


def united(keys: tuple[frozenset[str], ...]) -> frozenset[str]:
    """Linking keys of a record, from those of each of its sightings; nearly every record has one sighting."""
    return keys[0] if len(keys) == 1 else frozenset().union(*keys)


def name_key(name: str) -> str:
    """The lookup key of a standing name."""
    return f"name|{escaped(folded_name(name))}"
