"""Names in generated source: the user's, unless a language or the generated code itself needs the word.

Users may call a variable ``linux``, ``float4``, ``and`` or ``j0``; the source then has ``linux_2`` and so on.
"""

from __future__ import annotations

import re

from symtensor.ir.text import Names, sanitise

_C = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof linux
unix i386 NULL EOF main int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t ptrdiff_t intptr_t
uintptr_t
"""
_CPP = """
alignas alignof and and_eq bitand bitor bool catch char16_t char32_t class compl const_cast constexpr decltype delete
dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private
protected public reinterpret_cast static_assert static_cast template this thread_local throw true try typeid typename
using virtual wchar_t xor xor_eq
"""
_CUDA = "dim3 blockIdx threadIdx blockDim gridDim warpSize uchar uint ushort ulong"
_OPENCL = """
kernel global local private constant generic read_only write_only read_write uniform pipe half quad complex imaginary
event_t sampler_t cl_mem_fence_flags INFINITY NAN MAXFLOAT HUGE_VAL HUGE_VALF DBL_MAX DBL_MIN FLT_MAX FLT_MIN INT_MAX
INT_MIN LONG_MAX LONG_MIN UINT_MAX ULONG_MAX CHAR_BIT CHAR_MAX CHAR_MIN SCHAR_MAX SCHAR_MIN SHRT_MAX SHRT_MIN UCHAR_MAX
USHRT_MAX
"""
_OURS = """
ctx worker argument arguments begin end chunk extent grain group groups lane lanes scratch layout outputs device arena
tile tile_row block owner owner_begin owner_end row alive swap fault owned failed scratch_bytes given memory
batch_memory batch_bytes streaming
"""
WORDS = frozenset(f"{_C} {_CPP} {_CUDA} {_OPENCL} {_OURS}".split())

# Vector and image types, predefined macros, and what generated code calls its loop variables, values and accumulators.
_FAMILIES = re.compile(
    r"(char|uchar|short|ushort|int|uint|long|ulong|half|float|double|longlong|ulonglong)\d+|image\w*_t|atomic_\w+"
    r"|(M|CL|CLK|FLT|DBL|FP)_\w+|_\w*|st_\w*"
    r"|[ijopr]\d*(_count)?|t\d+(_\d+)?|next_\d+|half_|(output|rounds|host)_\d+_|\w+_(here|wider|side)|step\w*_(piece|stop)|(vec|mask|lane|arg\d*|arena)_\w*|\w+_(acc|shared)\d*(_\w*)?"
)


class SourceNames(Names):
    """Gives nodes and sizes names that may stand in source of every target."""

    def __init__(self) -> None:
        super().__init__(WORDS)

    def fresh(self, wanted: str) -> str:
        """A name nobody has yet, close to the wanted one."""
        base = sanitise(wanted)
        if _FAMILIES.fullmatch(base):
            base = f"user_{base.lstrip('_')}"
        return super().fresh(base)
