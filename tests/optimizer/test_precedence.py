"""The order of groups under construction: right for any demands, and little looked at."""

from __future__ import annotations

import itertools
import random

import pytest

from symtensor.optimizer.precedence import Precedence


def reaches(before: list[set[int]], start: int) -> set[int]:
    """All that lies before a step, by going through it anew."""
    found, stack = set(), [start]
    while stack:
        for step in before[stack.pop()]:
            if step not in found:
                found.add(step)
                stack.append(step)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_demands_in_any_order_agree_with_a_search_of_the_whole(seed: int) -> None:
    rng = random.Random(seed)
    precedence, before = Precedence(), []
    for number in range(30):
        wanted = set(rng.sample(range(number), min(number, rng.randrange(3))))
        assert precedence.add(wanted) == number
        before.append(set(wanted))
        step, others = rng.randrange(number + 1), set(rng.sample(range(number + 1), min(number + 1, 2)))
        others -= {step}
        cycle = any(step in reaches(before, other) for other in others)
        assert precedence.precedes(step, others) == cycle
        if not cycle:
            precedence.demand(step, others)
            before[step] |= others
    assert precedence.before == before
    order = precedence.in_order()
    place = {step: k for k, step in enumerate(order)}
    assert sorted(order) == list(range(30))
    assert all(place[p] < place[step] for step in order for p in before[step])


def test_the_order_is_by_number_as_far_as_demands_allow() -> None:
    precedence = Precedence()
    for _ in range(5):
        precedence.add(())
    precedence.demand(1, {3})
    assert precedence.in_order() == [0, 2, 3, 4, 1]


def test_demands_that_agree_with_the_order_cost_nothing() -> None:
    precedence = Precedence()
    for number in range(2000):
        precedence.add(range(max(0, number - 3), number))
    for first, second in itertools.pairwise(range(2000)):
        assert not precedence.precedes(second, {first})
        precedence.demand(second, {first})
    assert precedence.visits == 0
