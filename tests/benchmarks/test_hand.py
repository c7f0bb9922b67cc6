"""The hand-written C computes what NumPy does, so that a ratio to it means something."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import hand
from tests.probes import load

P1, P2, P3, P7, P8 = (
    load(name)
    for name in (
        "probe_01_elementwise",
        "probe_02_softmax",
        "probe_03_variance",
        "probe_07_attention",
        "probe_08_runge_kutta",
    )
)
RNG = np.random.default_rng(0)
CHECKS = {
    "plus_one": (P1.sample(RNG, 1003)[:1], lambda x: (x + 1,)),
    "chain": (P1.sample(RNG, 1003), P1.chain),
    "softmax": (P2.sample(RNG, 33, 70)[:1], lambda x: (P2.softmax(x),)),
    "softmax_gradient": (P2.sample(RNG, 33, 70), P2.reference),
    "variance_rows": (P3.sample(RNG, 103, 701)[:1], lambda x: (x.var(axis=1),)),
    "variance_columns": (P3.sample(RNG, 103, 701)[:1], lambda x: (x.var(axis=0),)),
    "attention": (P7.sample(RNG, 1, 2, 130, 70, 32)[:3], lambda *a: P7.forward(*a)[:1]),
    "attention_gradient": (P7.sample(RNG, 1, 2, 130, 70, 32), P7.reference),
    "runge_kutta": (P8.sample(RNG, 50)[:4], lambda *a: (P8.integrate(*a),)),
    "runge_kutta_gradient": (P8.sample(RNG, 50), P8.reference),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CHECKS)
def test_hand_written_c(name: str, threads: int) -> None:
    arguments, reference = CHECKS[name]
    wanted = tuple(np.asarray(want) for want in reference(*arguments))
    outputs = tuple(np.full(want.shape, np.nan) for want in wanted)
    hand.set_threads(threads)
    hand.bind(name, arguments, outputs)()
    for got, want in zip(outputs, wanted):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12 * np.abs(want).max())
