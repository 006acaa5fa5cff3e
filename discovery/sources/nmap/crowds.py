"""note_crowds: addresses that one box answers for, so that they are not taken for a machine each.

A router that answers ARP for its whole network, or a firewall that answers for everything behind it, makes every
address look alive. One host shows nothing of it; its neighbours do.
"""

from collections import Counter
from typing import Any

SHARED_MAC = 8
"""addresses of one tile with one hardware address, none of them offering anything, from which they are no machines"""
LEAST_TILE = 16
"""addresses from which a tile where really every one answers alike is a wall, not a network without a gap"""


def note_crowds(hosts: list[dict[str, Any]], asked: int) -> None:
    """Put `crowd`, in words, into the hosts of one tile that are others' doing. `asked`: addresses in the tile."""
    up = [host for host in hosts if host["state"] == "up"]
    macs = Counter(mac for host in up for mac in _macs(host))
    everywhere = asked >= LEAST_TILE and len(up) == asked and len({_face(host) for host in up}) == 1 and len(macs) <= 1
    for host in up:
        shared = max((macs[mac] for mac in _macs(host)), default=0)
        if everywhere:
            host["crowd"] = f"all {asked} addresses around it answer alike"
        elif shared >= SHARED_MAC and not _open(host):
            host["crowd"] = f"one hardware address answers for {shared} addresses around it"


def _macs(host: dict[str, Any]) -> list[str]:
    return [found["addr"] for found in host["addresses"] if found["type"] == "mac" and found["addr"]]


def _open(host: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((port["protocol"], port["port"]) for port in host["ports"] if port["state"] == "open")


def _face(host: dict[str, Any]) -> tuple[object, ...]:
    """What a scanner sees of it, names and times aside."""
    return (host["reason"], _open(host))
