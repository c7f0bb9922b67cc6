"""A dialect: the few attributes in which C, OpenCL and CUDA differ, as data.

A new target of the C family is a new value of ``Dialect``; see ``c.py``, ``opencl.py`` and ``cuda.py``.
"""

from __future__ import annotations

from dataclasses import field

import numpy as np

from symtensor.records import dataclass


@dataclass(frozen=True)
class Dialect:
    """How one language of the C family spells what kernels need.

    Attributes:
        name: also the dialect of the math library.
        types: C type of each NumPy dtype name.
        device: whether kernels run on a device, in work groups.
        kernel: what stands before the name of a kernel; ``{size}`` is the number of threads of a group.
        function: qualifiers of a helper function.
        pointer: qualifiers before a buffer parameter's element type.
        restrict: qualifier after the star.
        shared: qualifiers of an array that a work group shares.
        group: index of this work group; ``groups`` how many there are.
        lane: index of this thread in its group; ``lanes`` how many there are.
        barrier: statement at which all threads of a group meet, global and shared memory visible.
        conditional_barriers: whether all threads of a group may meet under a condition that is the same for all.
        claim: condition that holds for the first thread that asks only; ``{flag}`` points to an int64 in memory.
        wide: suffix of int64 literals.
        infinity: a positive infinity; ``nan`` a quiet NaN.
        header: text at the head of the source.
    """

    name: str
    types: dict[str, str] = field(hash=False)
    device: bool = False
    kernel: str = "static int"
    function: str = "static inline"
    pointer: str = ""
    restrict: str = "restrict"
    shared: str = ""
    group: str = "0"
    groups: str = "1"
    lane: str = "0"
    lanes: str = "1"
    barrier: str = ""
    conditional_barriers: bool = True
    claim: str = ""
    wide: str = "LL"
    infinity: str = "__builtin_inf()"
    nan: str = '__builtin_nan("")'
    header: str = ""


C_TYPES = {
    "bool": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t",
    "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t", "uint64": "uint64_t",
    "float32": "float", "float64": "double",
}  # fmt: skip

SUFFIX = {
    np.dtype(name): suffix
    for name, suffix in {
        "bool": "u8", "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
        "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "float32": "f32", "float64": "f64",
    }.items()
}  # fmt: skip
