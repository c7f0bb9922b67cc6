"""Which of many steps must run before which, while steps and demands come in one by one.

A topological order is kept all the time (Pearce and Kelly, "A dynamic topological sort algorithm for directed acyclic
graphs", 2006): a new demand that agrees with it costs nothing, another one only looks at what stands between the two.
Sets of all that lies before a step would be as long as the program at every step of it.
"""

from __future__ import annotations

from collections.abc import Iterable


class Precedence:
    """Steps by number, each with the steps that it needs.

    Attributes:
        before: for each step the numbers of those that it asks for directly.
        visits: steps that searches have looked at so far, for tests.
    """

    def __init__(self) -> None:
        self.before: list[set[int]] = []
        self.visits = 0
        self._after: list[list[int]] = []
        self._rank: list[int] = []  # place of each step in the order

    def add(self, before: Iterable[int]) -> int:
        """Add a step behind all others; its number.

        Args:
            before: numbers of the steps that it needs.
        """
        number = len(self.before)
        self.before.append(set(before))
        self._after.append([])
        self._rank.append(number)
        for other in self.before[number]:
            self._after[other].append(number)
        return number

    def precedes(self, step: int, others: Iterable[int]) -> bool:
        """Whether a step must run before one of some others."""
        wanted = {o for o in others if self._rank[o] > self._rank[step]}
        return bool(wanted) and not wanted.isdisjoint(self._later(step, max(self._rank[o] for o in wanted)))

    def demand(self, step: int, before: Iterable[int]) -> None:
        """Let a step wait for others as well, none of which may need it."""
        for other in before:
            if other in self.before[step]:
                continue
            if self._rank[other] > self._rank[step]:
                self._move(other, step)
            self.before[step].add(other)
            self._after[other].append(step)

    def in_order(self) -> list[int]:
        """All steps, those that are needed first; otherwise by number.

        The order is that of going through the steps by number again and again, each time taking those whose needs have
        been met.
        """
        turn = [0] * len(self.before)
        for step in sorted(range(len(turn)), key=self._rank.__getitem__):
            turn[step] = max((turn[p] + (p > step) for p in self.before[step]), default=0)
        return sorted(range(len(turn)), key=lambda step: (turn[step], step))

    def _later(self, step: int, limit: int) -> set[int]:
        """What must run after a step, as far as it stands up to a place in the order; the step included."""
        found, stack = {step}, [step]
        while stack:
            for user in self._after[stack.pop()]:
                if user not in found and self._rank[user] <= limit:
                    found.add(user)
                    stack.append(user)
        self.visits += len(found)
        return found

    def _earlier(self, step: int, limit: int) -> set[int]:
        """What must run before a step, as far as it stands from a place in the order on; the step included."""
        found, stack = {step}, [step]
        while stack:
            for need in self.before[stack.pop()]:
                if need not in found and self._rank[need] >= limit:
                    found.add(need)
                    stack.append(need)
        self.visits += len(found)
        return found

    def _move(self, first: int, second: int) -> None:
        """Change the order so that ``first``, which stands behind ``second``, stands before it."""
        ahead = self._earlier(first, self._rank[second])
        behind = self._later(second, self._rank[first])
        rank = self._rank.__getitem__
        steps = [*sorted(ahead, key=rank), *sorted(behind, key=rank)]
        for step, place in zip(steps, sorted(map(rank, steps))):
            self._rank[step] = place


__all__ = ["Precedence"]
