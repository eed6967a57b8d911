"""Switches of a training network, from its geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass

from narrows.errors import UsageError

__all__ = ["TIERS", "Fabric", "fabric"]

TIERS = ("none", "one_tier", "two_tiers", "three_tiers")
"""Names of the facts ``training.cable.*``, by tiers of switches."""
DIRECT = 2
"""Servers that are joined by cables alone."""


@dataclass(frozen=True)
class Fabric:
    """A network of one plane for each accelerator of a server.

    Parameters
    ----------
    servers
        Servers joined.
    tiers
        Tiers of switches, 0 to 3.
    switches
        Switches of all planes.
    """

    servers: int
    tiers: int
    switches: int


def fabric(chips: int, per_server: int, ports: int) -> Fabric:
    """Return the rail-optimised network of a cluster.

    Parameters
    ----------
    chips
        Chips of the cluster.
    per_server
        Chips of a server, each with one port in a plane of its own.
    ports
        Ports of a switch.

    Raises
    ------
    UsageError
        A number is below 1, or the cluster is larger than three tiers reach.

    Notes
    -----
    A plane joins one port of every server at full bisection: n servers need ceil(n/k) switches where n <= k;
    leaves ceil(n/(k/2)) and half as many spines up to k**2/2; twice the leaves and half as many cores up to
    k**3/4.

    Examples
    --------
    >>> [fabric(chips, 8, 64).switches for chips in (16, 512, 1024, 2048, 4096)]
    [0, 8, 48, 96, 192]
    """
    if min(chips, per_server) < 1 or ports < DIRECT:
        raise UsageError(
            f"A network is asked for {chips} chips, {per_server} a server, with {ports} ports a switch",
            "Chips are 1 or more, ports 2 or more",
            "Correct the number",
        )
    servers = math.ceil(chips / per_server)
    half = ports // 2
    if servers <= DIRECT:
        return Fabric(servers, 0, 0)
    if servers <= ports:
        return Fabric(servers, 1, per_server)
    leaves = math.ceil(servers / half)
    if servers <= ports * half:
        return Fabric(servers, 2, per_server * (leaves + math.ceil(leaves / 2)))
    if servers <= ports * half * half:
        return Fabric(servers, 3, per_server * (2 * leaves + math.ceil(leaves / 2)))
    raise UsageError(
        f"A network is asked for {chips} chips",
        f"Three tiers of switches with {ports} ports join at most {per_server * ports * half * half}",
        "Ask for fewer chips",
    )
