"""Builds the prebuilt C part of the runtime; everything else about the package stands in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import numpy
from setuptools import Extension, setup

NATIVE = Path("symtensor/runtime/_native")

setup(
    ext_modules=[
        Extension(
            "symtensor.runtime._native",
            sources=sorted(str(path) for path in NATIVE.glob("*.c")),
            depends=[str(NATIVE / "native.h"), "symtensor/runtime/abi.h"],
            include_dirs=[numpy.get_include()],
            extra_compile_args=["-O3", "-std=gnu11", "-pthread", "-fvisibility=hidden"],
            extra_link_args=["-pthread"],
            optional=True,  # without a C compiler symtensor works through cffi, with slower calls
        )
    ]
)
