"""The CUDA dialect: C++ as NVRTC compiles it without headers, and as the host shim understands it."""

from __future__ import annotations

from symtensor.codegen.dialect import Dialect
from symtensor.codegen.mathlib import prelude

CUDA = Dialect(
    "cuda",
    {
        "bool": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
        "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
        "float32": "float", "float64": "double",
    },
    device=True,
    kernel='extern "C" __global__ void __launch_bounds__({size})',
    function="static __device__ __forceinline__",
    restrict="__restrict__",
    shared="__shared__ ",
    group="(long long)blockIdx.x",
    groups="(long long)gridDim.x",
    lane="(long long)threadIdx.x",
    lanes="(long long)blockDim.x",
    barrier="__syncthreads();",
    claim="atomicCAS((int *){flag}, 0, 1) == 0",
    infinity="__longlong_as_double(0x7ff0000000000000LL)",
    nan="__longlong_as_double(0x7ff8000000000000LL)",
    header=prelude("cuda") + "typedef long long int64_t;\n",
)  # fmt: skip
