"""The OpenCL dialect: OpenCL C 1.2 with double precision."""

from __future__ import annotations

from symtensor.codegen.dialect import Dialect
from symtensor.codegen.mathlib import prelude

OPENCL = Dialect(
    "opencl",
    {
        "bool": "uchar", "int8": "char", "int16": "short", "int32": "int", "int64": "long",
        "uint8": "uchar", "uint16": "ushort", "uint32": "uint", "uint64": "ulong",
        "float32": "float", "float64": "double",
    },
    device=True,
    kernel="__kernel __attribute__((reqd_work_group_size({size}, 1, 1))) void",
    function="static inline",
    pointer="__global ",
    restrict="restrict",
    shared="__local ",
    group="(long)get_group_id(0)",
    groups="(long)get_num_groups(0)",
    lane="(long)get_local_id(0)",
    lanes="(long)get_local_size(0)",
    barrier="barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);",
    conditional_barriers=False,
    claim="atomic_cmpxchg((volatile __global int *){flag}, 0, 1) == 0",
    wide="L",
    infinity="INFINITY",
    nan="NAN",
    header=prelude("opencl") + "typedef long int64_t;\n",
)  # fmt: skip
