"""The numbers that identity rests on, fixed between global passes so that a decision depends on its block alone."""

from dataclasses import dataclass

from cmdb.ci_class import DAY


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """Weights are in bits (log2 of odds)."""

    prior_bits: float = 11.0
    """two records of different sources are of one thing with odds of 1 : 2^prior before any evidence"""
    merge_at: float = 4.0
    """odds, in bits, from which two groups are one"""
    review_at: float = 0.0
    """odds from which a person is asked"""
    contested_within: float = 1.0
    """a second partner nearer than this to the best, and incompatible with it, makes the choice a person's"""
    silent_after: int = 2 * DAY
    """microseconds without contact after which another that is still heard is no longer taken for the silent one"""
    common_at: int = 50
    """records that may carry a value before it links nothing"""
    largest_block: int = 5_000
    address_window: int = 7 * DAY
    """microseconds within which an address says anything"""
    address_half_life: int = DAY
    """in which the worth of a shared address halves: as leases run"""
    address_slack: int = DAY // 2
    """microseconds between two contacts that are still the same time: sources look at different hours"""
    address_at_once: float = 0.97
    """P(same device | same address at the same time)"""
    addresses_of_one: int = 4
    """records of a scan that one thing may well have"""
    compared_at: int = 1
    """things that may bear a value at once before it is no reason to compare any two of them"""
    bare_name_bits: float = 12.0
    guaranteed_name_bits: float = 17.0
    """a name that some source keeps unique"""
    full_name_bits: float = 18.0
    """a name with its domain"""
    shown_certificate_bits: float = 10.0
    """a certificate that two devices show: a file, which is copied to all that answer to its names"""
    other_realm_bits: float = 2.0
    """what a name loses that two bear in realms of their own, and that meets only through one without a realm"""
    name_window: int = 14 * DAY
    """microseconds between two that bear a name, after which it says nothing: a directory's last contact may be two
    weeks older than the truth"""
    name_parted_bits: float = 1.0
    """what a shared name loses where its bearers were not seen at the same time"""
    name_fades: float = 0.1
    """bits that a shared name loses with each day in between"""
    other_name_bits: float = -2.0
    """both are named and share no name"""
    other_class_bits: float = -2.5
    """sources state classes, and none in common"""
    other_value_bits: float = -6.0
    """both have a value of a one-valued kind and share none"""
    same_place_bits: float = 30.0
    """the same name within the same thing, or of a class whose names are unique in the realm"""
    names_of_a_slot: int = 3
    """distinct names that make a hardware address the address of a slot (a dock), not of a device"""


DEFAULT_IDENTITY = IdentitySettings()
