"""What a network and a stack refuse, sentence by sentence."""

from __future__ import annotations

import numpy as np
import pytest

from narrows.bottlenecks.network import Network, Stack
from narrows.errors import UsageError

NETWORKS = {
    "two roots": (
        ([-1, -1], [0, 0]),
        (
            "The layers that feed nothing are 0, 1. Exactly one layer, the root, feeds nothing. "
            "Give every other layer its consumer."
        ),
    ),
    "no root": (
        ([1, 0], [0, 0]),
        (
            "The layers that feed nothing are none. Exactly one layer, the root, feeds nothing. "
            "Give every other layer its consumer."
        ),
    ),
    "cycle": (
        ([1, 0, -1], [0, 0, 0]),
        (
            "Layer 0 never reaches the root: its consumers form a cycle. "
            "Following the consumers from any layer ends at the root. Remove the arc that closes the cycle."
        ),
    ),
    "unknown consumer": (
        ([5, -1], [0, 0]),
        "Layer 0 feeds layer 5. A consumer is a layer from 0 to 1, or -1 at the root. Correct the consumer.",
    ),
    "negative lag": (
        ([1, -1], [-1, 0]),
        "The lag of layer 0 is -1 quarters. A lag is 0 quarters or more. Correct the lag.",
    ),
    "lag of the root": (
        ([1, -1], [0, 2]),
        (
            "The root, layer 1, has a lag of 2 quarters. The root feeds nothing, so its lag is 0. "
            "Give the lag to a layer that feeds the root, or set it to 0."
        ),
    ),
    "shapes": (
        ([1, -1], [0]),
        (
            "The consumers have the shape (2,) and the lags (1,). "
            "Both have one axis (layer) of the same length, 1 to 8191. "
            "Give one consumer and one lag for each layer."
        ),
    ),
    "fractions": (
        ([1, -1], [0.5, 0.0]),
        "The lags of the layers are of type float64. They are whole numbers. Give the lags as integers.",
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_refuses(name):
    arguments, sentence = NETWORKS[name]
    with pytest.raises(UsageError) as caught:
        Network(*arguments)
    assert str(caught.value) == sentence


def test_two_consumers_are_refused():
    with pytest.raises(UsageError) as caught:
        Network.from_arcs(3, [(0, 1, 0), (0, 2, 1)])
    assert str(caught.value) == (
        "Layer 0 feeds layer 1 and layer 2. A layer feeds one consumer. "
        "Split the layer by its booked shares, or solve the linear program."
    )


def test_inputs_come_before_consumers():
    network = Network([2, 0, 4, 4, -1, 3], [1, 0, 2, 0, 0, 1])
    place = {int(layer): n for n, layer in enumerate(network.up)}
    assert all(place[i] < place[int(p)] for i, p in enumerate(network.parent) if p >= 0)
    assert [network.inputs(i) for i in range(6)] == [[1], [], [0], [5], [2, 3], []]
    assert network.root == 4


def test_network_cannot_be_changed():
    network = Network([1, -1], [0, 0])
    with pytest.raises(ValueError, match="read-only"):
        network.parent[0] = 0


def good():
    return {
        "K": np.full((2, 2, 3), 4.0),
        "A": np.array([[[1.0, 1, 2], [0, 0, 0]]]),
        "B": np.array([[[5.0], [np.inf]]]),
        "D": np.array([[3.0, 6, 9]]),
        "w": np.ones(3),
    }


def changed(name, place, value):
    arrays = good()
    arrays[name][place] = value
    return arrays


nan, inf = np.nan, np.inf
STACKS = {
    "K nan": (
        changed("K", (1, 0, 2), nan),
        (
            "The capacity K at draw 1, layer 0, quarter 2 is nan. "
            "The capacity K is 0 or more; inf means no limit. "
            "Correct the value."
        ),
    ),
    "K negative": (
        changed("K", (0, 1, 0), -2),
        (
            "The capacity K at draw 0, layer 1, quarter 0 is -2. "
            "The capacity K is 0 or more; inf means no limit. "
            "Correct the value."
        ),
    ),
    "A nan": (
        changed("A", (0, 0, 0), nan),
        (
            "The arrivals A at draw 0, layer 0, quarter 0 is nan. "
            "The arrivals A is 0 or more and finite. Correct the value."
        ),
    ),
    "A infinite": (
        changed("A", (0, 0, 2), inf),
        (
            "The arrivals A at draw 0, layer 0, quarter 2 is inf. "
            "The arrivals A is 0 or more and finite. Correct the value."
        ),
    ),
    "A falls": (
        changed("A", (0, 0, 1), 0.5),
        (
            "The arrivals A falls from 1 to 0.5 after draw 0, layer 0, quarter 0. "
            "The arrivals A is cumulative: it never falls. "
            "Give the running sum of what is added in each quarter."
        ),
    ),
    "D falls": (
        changed("D", (0, 2), 4),
        (
            "The demand D falls from 6 to 4 after draw 0, quarter 1. "
            "The demand D is cumulative: it never falls. "
            "Give the running sum of what is added in each quarter."
        ),
    ),
    "D nan": (
        changed("D", (0, 1), nan),
        "The demand D at draw 0, quarter 1 is nan. The demand D is 0 or more; inf means no limit. Correct the value.",
    ),
    "w negative": (
        changed("w", (1,), -1),
        "The weight w at quarter 1 is -1. The weight w is 0 or more and finite. Correct the value.",
    ),
    "B nan": (
        changed("B", (0, 0, 0), nan),
        (
            "The stock cap B at draw 0, layer 0, quarter 0 is nan. "
            "The stock cap B is 0 or more; inf means no limit. "
            "Correct the value."
        ),
    ),
    "B too small": (
        changed("B", (0, 0, 0), 1.5),
        (
            "The stock cap B at draw 0, layer 0 is 1.5, below the opening stock and work in progress of 2. "
            "The cap is at least the last cumulative arrival A. Raise the cap or lower the arrivals."
        ),
    ),
    "B falls": (
        {**good(), "B": np.array([[[5.0, 4, 4], [inf, inf, inf]]])},
        (
            "The stock cap B falls from 5 to 4 after draw 0, layer 0, quarter 0. "
            "The stock cap B is cumulative: it never falls. "
            "Give the running sum of what is added in each quarter."
        ),
    ),
    "B of the root": (
        changed("B", (0, 1, 0), 7),
        (
            "The stock cap B of the root, layer 1, is 7. The root feeds nothing, so it has no cap: inf. "
            "Cap a layer that feeds the root, or lower the demand."
        ),
    ),
    "A of the root": (
        changed("A", (0, 1), 3),
        (
            "The arrivals A of the root, layer 1, reach 3. "
            "The root feeds nothing, so nothing of it arrives: 0. "
            "Give the arrivals to the layers that feed the root."
        ),
    ),
    "K shape": (
        {**good(), "K": np.ones((2, 3, 3))},
        (
            "The capacity K has the shape (2, 3, 3). "
            "Its axes are (draw, layer, quarter), with 2 layers and no empty axis. Give K with draws first."
        ),
    ),
    "A shape": (
        {**good(), "A": np.ones((3, 2, 3))},
        (
            "The arrivals A has the shape (3, 2, 3). "
            "Its axes are (draw, layer, quarter): (2, 2, 3), where the draws may be 1. "
            "Give the arrivals A with draws first."
        ),
    ),
    "B shape": (
        {**good(), "B": np.ones(2)},
        (
            "The stock cap B has the shape (2,). "
            "Its axes are (draw, layer, quarter): (2, 2, 3), where the draws may be 1. "
            "Give the stock cap B with draws first."
        ),
    ),
    "D shape": (
        {**good(), "D": np.ones((1, 4))},
        (
            "The demand D has the shape (1, 4). "
            "Its axes are (draw, quarter): (2, 3), where the draws may be 1. "
            "Give the demand D with draws first."
        ),
    ),
    "w shape": (
        {**good(), "w": np.ones(4)},
        "The weight w has the shape (4,). Its axis is (quarter): (3,). Give one weight for each quarter.",
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_stack_refuses(name):
    arrays, sentence = STACKS[name]
    with pytest.raises(UsageError) as caught:
        Stack(Network([1, -1], [1, 0]), **arrays)
    assert str(caught.value) == sentence


def test_one_draw_serves_all():
    stack = Stack(Network([1, -1], [1, 0]), **good())
    assert (stack.draws, stack.layers, stack.quarters) == (2, 2, 3)
    assert stack.A.shape == (2, 2, 3)
    assert stack.D.shape == (2, 3)
    assert stack.take(np.array([True, False])).B.shape == (1, 2, 3)
