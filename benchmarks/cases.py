"""What `make bench-probes` measures: a probe, arguments of one size, NumPy's answer and the hand-written function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.probes import (
    probe_01_elementwise,
    probe_02_softmax,
    probe_03_variance,
    probe_07_attention,
    probe_08_runge_kutta,
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        title: what is computed, with its size.
        build: makes the outputs and inputs of symtensor's graph.
        sample: draws the arguments.
        reference: the same in NumPy, float64.
        hand: name of the function in `benchmarks.hand`.
        numpy_takes_part: whether the reference is what a NumPy user would write, so that its time says something.
    """

    title: str
    build: Callable[[], tuple[Any, Any]]
    sample: Callable[[np.random.Generator], tuple[np.ndarray, ...]]
    reference: Callable[..., tuple[np.ndarray, ...]]
    hand: str
    numpy_takes_part: bool = True


def first(sample: Callable[..., tuple[np.ndarray, ...]], count: int, *size: int) -> Callable[..., Any]:
    """Draw a probe's arguments of this size and keep the first few: the forward pass takes no weights."""
    return lambda rng: sample(rng, *size)[:count]


def one_second(steps: int, count: int) -> Callable[..., Any]:
    """Draw probe 8's arguments, with steps so small that chaos does not amplify the last bit beyond comparison."""

    def sample(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        s0, theta, _, n, weights = probe_08_runge_kutta.sample(rng, steps)
        return (s0, theta, np.array(1 / steps), n, weights)[:count]

    return sample


P1, P2, P3, P7, P8 = (
    probe_01_elementwise,
    probe_02_softmax,
    probe_03_variance,
    probe_07_attention,
    probe_08_runge_kutta,
)
HEADS = (4, 8, 256, 256, 64)

CASES = (
    Case("x + 1, 10⁵", P1.build_plus_one, lambda rng: (rng.normal(size=10**5),), lambda x: (x + 1,), "plus_one"),
    Case("x + 1, 4·10⁶", P1.build_plus_one, lambda rng: (rng.normal(size=4 * 10**6),), lambda x: (x + 1,), "plus_one"),
    Case("twelve-op chain, 2 outputs, 10⁵", P1.build, first(P1.sample, 3, 10**5), P1.chain, "chain"),
    Case("twelve-op chain, 2 outputs, 4·10⁶", P1.build, first(P1.sample, 3, 4 * 10**6), P1.chain, "chain"),
    Case(
        "softmax 2048×1024",
        P2.build_forward,
        first(P2.sample, 1, 2048, 1024),
        lambda x: (P2.softmax(x),),
        "softmax",
    ),
    Case("softmax and gradient 2048×1024", P2.build, first(P2.sample, 2, 2048, 1024), P2.reference, "softmax_gradient"),
    Case("softmax 56680×37", P2.build_forward, first(P2.sample, 1, 56680, 37), lambda x: (P2.softmax(x),), "softmax"),
    Case(
        "variance of columns 2048×2048",
        lambda: P3.build_axis(0),
        first(P3.sample, 1, 2048, 2048),
        lambda x: (x.var(axis=0),),
        "variance_columns",
    ),
    Case(
        "variance of rows 2048×2048",
        lambda: P3.build_axis(1),
        first(P3.sample, 1, 2048, 2048),
        lambda x: (x.var(axis=1),),
        "variance_rows",
    ),
    Case(
        "attention 4×8×256×64",
        P7.build_forward,
        first(P7.sample, 3, *HEADS),
        lambda *a: P7.forward(*a)[:1],
        "attention",
    ),
    Case(
        "attention and gradient 4×8×256×64", P7.build, first(P7.sample, 4, *HEADS), P7.reference, "attention_gradient"
    ),
    Case(
        "Runge-Kutta, 10⁴ steps", P8.build_forward, one_second(10**4, 4), lambda *a: (P8.integrate(*a),), "runge_kutta"
    ),
    Case(
        "Runge-Kutta and gradient, 10⁴ steps",
        P8.build,
        one_second(10**4, 5),
        P8.reference,
        "runge_kutta_gradient",
        numpy_takes_part=False,  # the reference differentiates by complex steps
    ),
)
