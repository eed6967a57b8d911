"""The switches of a cluster from the geometry of its network, and what the cluster costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from narrows.catalog import default
from narrows.errors import UsageError

if TYPE_CHECKING:
    from narrows.catalog.catalog import Catalog

__all__ = ["ClusterCost", "Fabric", "cluster_cost", "fabric", "ports_per_endpoint"]

DIRECT = 2
"""Two servers are joined by cables without a switch."""
CABLES = ("cable_direct", "cable_one_tier", "cable_two_tiers")
MOST_TIERS = 3


@dataclass(frozen=True, slots=True)
class Fabric:
    """A non-blocking network.

    Parameters
    ----------
    gpus, radix, rails
        Accelerators, ports of a switch, networks side by side.
    tiers
        Tiers of switches: 0 where cables join two servers.
    switches
        Switches of each tier, the lowest first, all rails together.
    links
        Links, those to the accelerators included.
    """

    gpus: int
    radix: int
    rails: int
    tiers: int
    switches: tuple[int, ...]
    links: int

    @property
    def total(self) -> int:
        """All switches."""
        return sum(self.switches)

    @property
    def servers(self) -> int:
        """Servers, each with one port in every rail."""
        return ceil(self.gpus / self.rails)

    @property
    def ports_per_gpu(self) -> float:
        """Switch ports in use for one accelerator."""
        return ports_per_endpoint(self.tiers)


def ports_per_endpoint(tiers: float) -> float:
    """Return the switch ports in use for one endpoint of a non-blocking network.

    Parameters
    ----------
    tiers
        Tiers of switches; a network between two and three tiers is a mix.

    Examples
    --------
    >>> [ports_per_endpoint(tiers) for tiers in (0, 1, 2, 3)]
    [0.0, 1.0, 3.0, 5.0]
    """
    return max(2.0 * tiers - 1.0, 0.0)


def fabric(gpus: int, radix: int = 64, rails: int = 8) -> Fabric:
    """Return the switches of a non-blocking network with the fewest tiers.

    Parameters
    ----------
    gpus
        Accelerators; each has one port in the rail of its place in the server.
    radix
        Ports of a switch, even.
    rails
        Networks side by side; 1 joins all accelerators in one network.

    Raises
    ------
    UsageError
        The network would need more than three tiers, or a number is out of range.

    Notes
    -----
    A leaf gives half of its k ports to accelerators. One tier reaches k endpoints of a rail, two k^2/2,
    three k^3/4. A rail of n endpoints has L = ceil(2n/k) leaves; two tiers add ceil(L/2) spines, three add L
    switches in the middle and ceil(L/2) at the top.

    Examples
    --------
    >>> [fabric(gpus).total for gpus in (16, 512, 1024, 2048, 4096)]
    [0, 8, 48, 96, 192]
    """
    if gpus < 1 or rails < 1 or radix < 2 or radix % 2:  # noqa: PLR2004 - half of the ports go up
        raise UsageError(
            f"A network of {gpus} accelerators, radix {radix} and {rails} rails cannot be built",
            "Accelerators and rails are 1 or more, the radix an even number from 2",
            "Give, for instance, 1024 accelerators, radix 64, 8 rails",
        )
    endpoints = ceil(gpus / rails)
    half = radix // 2
    one_rail: tuple[int, ...]
    if endpoints <= DIRECT:
        tiers, one_rail = 0, ()
    elif endpoints <= radix:
        tiers, one_rail = 1, (1,)
    else:
        leaves = ceil(endpoints / half)
        if leaves <= radix:
            tiers, one_rail = 2, (leaves, ceil(leaves / 2))
        elif leaves <= radix * half:
            tiers, one_rail = MOST_TIERS, (leaves, leaves, ceil(leaves / 2))
        else:
            raise UsageError(
                f"{gpus} accelerators need more than three tiers of radix {radix} in {rails} rails",
                f"Three tiers reach {rails * radix * half * half:,} accelerators",
                "Give a higher radix or more rails",
            )
    return Fabric(gpus, radix, rails, tiers, tuple(count * rails for count in one_rail), gpus * max(tiers, 1))


@dataclass(frozen=True, slots=True)
class ClusterCost:
    """What a cluster costs [usd].

    Parameters
    ----------
    gpus
        Accelerators.
    nodes, switches, cables, facility
        Servers; switches; cables and connectors; building and operation.
    """

    gpus: int
    nodes: float
    switches: float
    cables: float
    facility: float

    @property
    def total(self) -> float:
        """All parts [usd]."""
        return self.nodes + self.switches + self.cables + self.facility

    @property
    def per_gpu(self) -> float:
        """All parts by accelerator [usd]."""
        return self.total / self.gpus


def cluster_cost(
    gpus: int, *, node_price: float | None = None, node_gpus: int = 8, catalog: Catalog | None = None
) -> ClusterCost:
    """Return what a cluster of H100 servers costs, switches counted from geometry.

    Parameters
    ----------
    gpus
        Accelerators.
    node_price
        Price of a server [usd]; that of the catalogue if left out.
    node_gpus
        Accelerators of a server.
    catalog
        Facts; those that come with narrows if left out.

    Notes
    -----
    Cables cost by tier; a third tier adds as much again as the second.

    Examples
    --------
    >>> [round(cluster_cost(gpus).per_gpu, 1) for gpus in (512, 1024, 2048)]
    [46882.5, 49247.5, 49247.5]
    """
    facts = catalog or default()

    def value(name: str) -> float:
        return facts.fact(name).canonical_value

    built = fabric(gpus, round(value("network_switch.ndr_64.ports")), round(value("cluster.rails")))
    nodes = ceil(gpus / node_gpus)
    cable = value(f"cluster.h100.{CABLES[min(built.tiers, 2)]}")
    if built.tiers == MOST_TIERS:
        cable += cable - value(f"cluster.h100.{CABLES[1]}")
    return ClusterCost(
        gpus,
        nodes * (value("cluster.h100.node_price") if node_price is None else node_price),
        built.total * value("network_switch.ndr_64.price"),
        gpus * cable,
        nodes * value("cluster.h100.facility_per_node"),
    )
