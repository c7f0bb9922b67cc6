"""Twelve graphs, each as a user would write it: together they pass through every room of the compiler.

Each module has ``build() -> (outputs, inputs)``, which the golden files and the documentation reuse.
"""

from __future__ import annotations

import importlib
import types

PROBES = (
    "probe_01_elementwise",
    "probe_02_softmax",
    "probe_03_variance",
    "probe_04_sum",
    "probe_05_stencil",
    "probe_06_embedding",
    "probe_07_attention",
    "probe_08_runge_kutta",
    "probe_09_recurrent",
    "probe_10_collatz",
    "probe_11_factorize",
    "probe_12_nonzero",
)


def load(name: str) -> types.ModuleType:
    """Return the module of one probe."""
    return importlib.import_module(f"tests.probes.{name}")
