"""What one instantiation of the math library is for: a precision, a number of lanes, a dialect, CPU features."""

from __future__ import annotations

from functools import cached_property

from symtensor.records import dataclass

PRECISIONS = ("f32", "f64")
DIALECTS = ("c", "opencl", "cuda")

#: scalar type names of each dialect
SCALARS: dict[str, dict[str, str]] = {
    "c": {
        "f32": "float", "f64": "double", "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
        "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
    },
    "opencl": {
        "f32": "float", "f64": "double", "i8": "char", "i16": "short", "i32": "int", "i64": "long",
        "u8": "uchar", "u16": "ushort", "u32": "uint", "u64": "ulong",
    },
    "cuda": {
        "f32": "float", "f64": "double", "i8": "signed char", "i16": "short", "i32": "int", "i64": "long long",
        "u8": "unsigned char", "u16": "unsigned short", "u32": "unsigned int", "u64": "unsigned long long",
    },
}  # fmt: skip

QUALIFIERS = {
    "c": "static inline __attribute__((always_inline, unused))",
    "opencl": "inline",
    "cuda": "static __device__ __forceinline__",
}


def bytes_of(element: str) -> int:
    """Size in bytes of an element type such as "f32" or "u8"."""
    return int(element[1:]) // 8


@dataclass(frozen=True)
class Target:
    """One instantiation; element types and names follow from its four fields.

    `element` is the element type the primitive works on; for functions it is the precision, "f32" or "f64".
    """

    element: str
    lanes: int
    dialect: str
    features: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"unknown dialect {self.dialect!r}; there are {', '.join(DIALECTS)}")
        if self.element not in SCALARS["c"]:
            raise ValueError(f"unknown element type {self.element!r}; there are {', '.join(SCALARS['c'])}")
        if self.lanes < 1 or self.lanes & (self.lanes - 1):
            raise ValueError(f"the number of lanes must be a power of two, not {self.lanes}")
        if self.lanes > 1 and self.dialect != "c":
            raise ValueError(f"the {self.dialect} dialect has scalar functions only, {self.lanes} lanes were asked for")

    @property
    def bits(self) -> int:
        """Width of an element in bits."""
        return int(self.element[1:])

    @property
    def vector(self) -> bool:
        """Whether there is more than one lane."""
        return self.lanes > 1

    @property
    def suffix(self) -> str:
        """The end of each name: "f32", "f32x16"."""
        return self.element + (f"x{self.lanes}" if self.vector else "")

    @property
    def scalar(self) -> str:
        """The C name of the element type."""
        return SCALARS[self.dialect][self.element]

    def type(self, kind: str) -> str:
        """The C name of the type with this target's width and lanes: kind "f", "i" or "u"."""
        element = f"{kind}{self.bits}"
        return f"st_{element}x{self.lanes}" if self.vector else SCALARS[self.dialect][element]

    @cached_property
    def width(self) -> int:
        """Bytes of one value."""
        return self.lanes * bytes_of(self.element)

    @cached_property
    def avx512(self) -> bool:
        """Whether this is a vector with AVX-512 instructions and mask registers of its own, as gcc names them."""
        if not self.vector or self.width not in (16, 32, 64) or "clang" in self.features:
            return False
        return {"avx512f"} <= self.features and (self.width == 64 or "avx512vl" in self.features)

    @cached_property
    def avx2(self) -> bool:
        """Whether this is a vector with AVX2 and FMA instructions, but without AVX-512, as gcc names them."""
        if self.avx512 or "clang" in self.features:
            return False
        return self.vector and self.width in (16, 32) and {"avx2", "fma"} <= self.features

    @cached_property
    def split(self) -> bool:
        """Whether the vector is wider than the widest registers, so that functions are done in two halves."""
        widest = 64 if "avx512f" in self.features else 32 if "avx2" in self.features else 16
        return self.vector and self.width > widest

    @property
    def mask(self) -> str:
        """The type of a comparison inside the library: a mask register, an integer vector (0, -1), or an int (0, 1)."""
        if not self.vector:
            return "int"
        if self.avx512:
            return "uint16_t" if self.lanes == 16 else "uint8_t"
        return self.type("i")

    def with_lanes(self, lanes: int) -> Target:
        """The same target with another number of lanes."""
        return Target(self.element, lanes, self.dialect, self.features)

    def with_element(self, element: str) -> Target:
        """The same target with another element type."""
        return Target(element, self.lanes, self.dialect, self.features)
