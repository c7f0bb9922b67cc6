"""The kernel of our own for matrix products of small and middle size: tiles of registers over packed columns.

A product is done in strips of two vectors of columns.  The strip of the right operand is packed once into a panel (its
rows side by side; it is read in place where few rows use it), and tiles of up to a dozen rows run down it: each keeps
its sums in registers, reads the left operand in place, one broadcast a row and step, and writes the result once.  The
inner axis is cut so that a panel stays in the first cache.  An element is one chain of fused multiply-adds for each
block of that axis, in order: its bits depend on the length of the axis alone, not on tile, chunk or thread.

The layout of tiles follows K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008; the
left operand is not packed, as that gains only where it does not fit into the second cache.

Takes: an element type and the target's registers.  Gives: C text; all transposes share it, by strides.
"""

from __future__ import annotations

from dataclasses import field

from symtensor.codegen.mathlib import helper_texts, type_source
from symtensor.codegen.mathlib.target import Target
from symtensor.codegen.outline import OUTLINED
from symtensor.codegen.units import HIDDEN
from symtensor.records import dataclass

VECTORS = 2  # of columns in a strip
INNER = 256  # most steps of the inner axis in a panel: 32 kB of it with vectors of 64 bytes
AHEAD = 8  # rows between the one that is packed and the one that is fetched
IN_PLACE_ROWS = 96  # up to so many rows packing a strip costs more than it saves


@dataclass(frozen=True)
class Kernel:
    """The shape of the tiles for one element type on one target.

    Attributes:
        scalar: C name of the element type.
        element: its name in the math library, as in ``f32``.
        lanes: of a vector.
        heights: rows of the tiles, by the number of vectors that a tile is wide; the first is the largest.
        masked: whether a part of a vector is stored by one instruction.
    """

    scalar: str
    element: str
    lanes: int
    heights: dict[int, tuple[int, ...]] = field(hash=False)
    masked: bool

    @property
    def suffix(self) -> str:
        """The end of each name."""
        return f"{self.element}x{self.lanes}"

    @property
    def columns(self) -> int:
        """Columns of a strip."""
        return VECTORS * self.lanes

    @property
    def name(self) -> str:
        """The function that computes a whole product."""
        return f"st_product_{self.suffix}"

    @property
    def parameters(self) -> str:
        """Of that function: operands with the distance of their elements along both axes, sizes, alpha and beta."""
        t = self.scalar
        return (
            f"const {t} *a, int64_t a_row, int64_t a_inner, const {t} *b, int64_t b_inner, int64_t b_column,\n"
            f"    {t} *c, int64_t c_row, int64_t rows, int64_t columns, int64_t inner, {t} alpha, {t} beta"
        )


#: rows of the tiles where there are 32 vector registers and where there are 16: sums, a row of the panel, one broadcast
WIDE = {2: (12, 8, 4, 2, 1), 1: (12, 4, 1)}
NARROW = {2: (6, 4, 2, 1), 1: (6, 2, 1)}


def micro_kernel(itemsize: int, vector_bytes: int, features: frozenset[str]) -> Kernel | None:
    """The kernel for elements of so many bytes, or None where the target has no vectors with fused multiply-add."""
    registers = WIDE if "avx512f" in features or "neon" in features else NARROW
    if not {"fma", "avx512f", "neon"} & features:
        return None
    target = Target(f"f{8 * itemsize}", vector_bytes // itemsize, "c", features)
    return Kernel(target.scalar, target.element, target.lanes, registers, target.avx512)


TILE = """\
/* A tile of a matrix product: c[i][j] = sum over k of a[i][k] b[k][j] for some rows by some vectors of columns, of the
 * last of which `last` columns are there.  b is a panel or contiguous in rows. */
typedef struct {
  const @T@ *a, *b;
  @T@ *c;
  int64_t a_row, a_inner, b_step, c_row, inner, last;
} st_tile_@S@;
"""

MIX = """\
/* c[i][j] = alpha * tile[i][j] + beta * c[i][j]; c is not read where beta is 0. */
@STATIC@ void st_mix_@S@(@T@ *c, int64_t c_row, const @T@ *tile, int64_t rows,
                                                        int64_t columns, @T@ alpha, @T@ beta) {
  const @V@ scale = @SPLAT@(alpha), keep = @SPLAT@(beta);
  for (int64_t i = 0; i < rows; ++i, c += c_row, tile += @COLUMNS@)
    for (int64_t j = 0; j < columns; j += @L@) {
      const int64_t here = columns - j < @L@ ? columns - j : @L@;
      @V@ sum = @LOAD@(tile + j) * scale;
      if (beta != 0) sum = @FMA@(keep, @LOAD_PART@(c + j, here), sum);
      @STORE_PART@(c + j, sum, here);
    }
}
"""

PANEL = """\
/* Packs b[k][j], columns <= @COLUMNS@, into rows of whole vectors side by side; what is over is 0.  Rows are fetched
 * ahead: they lie too far apart for the processor to do so by itself. */
@STATIC@ void st_panel_@S@(@T@ *panel, const @T@ *b, int64_t b_inner,
                                                          int64_t b_column, int64_t inner, int64_t columns) {
  const int64_t width = columns > @L@ ? @COLUMNS@ : @L@, head = width - @L@, last = columns - head;
  if (b_column == 1) {
    for (int64_t k = 0; k < inner; ++k, b += b_inner, panel += width) {
      const uint64_t ahead = @AHEAD@ * (uint64_t)b_inner * sizeof(@T@);
      __builtin_prefetch((const char *)b + ahead);
      __builtin_prefetch((const char *)b + ahead + 64);
      if (head) @STORE@(panel, @LOAD@(b));
      @STORE@(panel + head, last == @L@ ? @LOAD@(b + head) : @LOAD_PART@(b + head, last));
    }
    return;
  }
  for (int64_t k = 0; k < inner && last < @L@; ++k) @STORE@(panel + k * width + head, (@V@){ 0 });
  if (b_inner == 1) {
    @TRANSPOSE@(panel, width, b, b_column, inner, columns);
    return;
  }
  for (int64_t k = 0; k < inner; ++k)
    for (int64_t j = 0; j < columns; ++j) panel[k * width + j] = b[k * b_inner + j * b_column];
}
"""

PRODUCT = """\
/* c[i][j] = alpha * sum over k of a[i][k] b[k][j] + beta * c[i][j]; c is not read where beta is 0.
 *
 * One thread, in strips of @COLUMNS@ columns.  Elements of an operand lie a_row, a_inner, b_inner, b_column elements
 * apart; rows of c are contiguous.  The inner axis is cut into equal blocks of at most @INNER@ steps. */
@LINKAGE@void @NAME@(
    @PARAMETERS@) {
  @T@ panel[@INNER@ * @COLUMNS@] __attribute__((aligned(64))), tile[@ROWS@ * @COLUMNS@] __attribute__((aligned(64)));
  const int64_t blocks = inner > @INNER@ ? (inner + @INNER@ - 1) / @INNER@ : 1;
  st_tile_@S@ t = { .a_row = a_row, .a_inner = a_inner };
  for (int64_t j = 0; j < columns; j += @COLUMNS@) {
    const int64_t left = columns - j < @COLUMNS@ ? columns - j : @COLUMNS@, width = left > @L@ ? @COLUMNS@ : @L@;
    t.last = left - (width - @L@);
    const int packed = b_column != 1 || left % @L@ || (rows > @IN_PLACE@ && b_inner != width);
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t k = block * inner / blocks;
      t.inner = (block + 1) * inner / blocks - k;
      const @T@ keep = block ? 1 : beta;
      const int aside = alpha != 1 || keep != 0@BORDER@;
      t.b = b + k * b_inner + j * b_column, t.b_step = b_inner;
      if (packed) {
        st_panel_@S@(panel, t.b, b_inner, b_column, t.inner, left);
        t.b = panel, t.b_step = width;
      }
      t.a = a + k * a_inner, t.c_row = aside ? @COLUMNS@ : c_row;
      for (int64_t i = 0, high; i < rows; i += high, t.a += high * a_row) {
        const int64_t below = rows - i;
        t.c = aside ? tile : c + i * c_row + j;
@CHOICES@
        if (aside) st_mix_@S@(c + i * c_row + j, c_row, tile, high, left, alpha, keep);
      }
    }
  }
}
"""


@dataclass(frozen=True)
class ProductSource:
    """The C text of a kernel.

    Attributes:
        text: of the tiles, the packing, and the function ``Kernel.name`` that computes a product; all are static.
        prototype: of that function where the text is a translation unit of its own.
        unit: that translation unit, the same in every program.
        helpers: functions of the math library that the text uses: names, elements and lanes.
    """

    text: str
    prototype: str
    unit: str
    helpers: tuple[tuple[str, str, int], ...]


def product_source(kernel: Kernel, abi: str, features: frozenset[str]) -> ProductSource:
    """The C text of a kernel.

    Args:
        kernel: the shape of the tiles.
        abi: text of ``abi.h``, which opens a translation unit.
        features: CPU features, for the math library.
    """
    tiles = [_tile(kernel, high, wide) for wide, heights in kernel.heights.items() for high in heights]
    choices = "\n".join(f"        {line}" for line in _choices(kernel))
    border = "" if kernel.masked else " || t.last < @L@"
    text = "\n".join([TILE, *tiles, MIX, PANEL, PRODUCT.replace("@CHOICES@", choices).replace("@BORDER@", border)])
    names = ("load", "store", "load_part", "store_part", "transpose", "fma", "splat")
    helpers = tuple((name, kernel.element, kernel.lanes) for name in names)
    words = {name.upper(): f"st_{name}_{kernel.suffix}" for name in names}
    words |= {
        "S": kernel.suffix, "T": kernel.scalar, "V": f"st_{kernel.suffix}", "L": str(kernel.lanes), "NAME": kernel.name,
        "COLUMNS": str(kernel.columns), "ROWS": str(kernel.heights[VECTORS][0]), "INNER": str(INNER),
        "STATIC": OUTLINED, "AHEAD": str(AHEAD), "IN_PLACE": str(IN_PLACE_ROWS), "PARAMETERS": kernel.parameters,
    }  # fmt: skip
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    shared = "\n".join([abi, type_source([kernel.lanes]), *helper_texts(helpers, "c", features).values()])
    unit = f"{shared}\n{text.replace('@LINKAGE@', HIDDEN)}"
    prototype = f"{HIDDEN}void {kernel.name}(\n    {kernel.parameters});"
    return ProductSource(text.replace("@LINKAGE@", f"{OUTLINED} "), prototype, unit, helpers)


def _tile(kernel: Kernel, high: int, wide: int) -> str:
    """One tile, its sums and its row of the panel in registers."""
    sums = [[f"s{i}{'ab'[v]}" for v in range(wide)] for i in range(high)]
    row = ["xa", "xb"][:wide]
    lines = [
        f"@STATIC@ void st_tile_{high}x{wide}_@S@(const st_tile_@S@ *t) {{",
        "  const int64_t row = t->a_row, step = t->a_inner, b_step = t->b_step;",
        "  const @T@ *a = t->a, *b = t->b;",
        *(f"  @V@ {', '.join(f'{s} = {{ 0 }}' for s in names)};" for names in sums),
        "  for (int64_t k = t->inner; k > 0; --k, a += step, b += b_step) {",
        f"    const @V@ {', '.join(f'{x} = @LOAD@(b + {v * kernel.lanes})' for v, x in enumerate(row))};",
        "    @V@ y;",
    ]
    for i, names in enumerate(sums):
        adds = " ".join(f"{s} = @FMA@(y, {x}, {s});" for s, x in zip(names, row, strict=True))
        lines.append(f"    y = @SPLAT@(a[{i} * row]); {adds}")
    lines += ["  }", "  @T@ *c = t->c;", "  const int64_t c_row = t->c_row, last = t->last;", "  (void)last;"]
    for i, names in enumerate(sums):
        stores = [f"@STORE@(c + {i} * c_row, {names[0]});"] * (wide - 1)
        at = f"c + {i} * c_row" + (f" + {kernel.lanes}" if wide > 1 else "")
        stores.append(f"@STORE_PART@({at}, {names[-1]}, last);" if kernel.masked else f"@STORE@({at}, {names[-1]});")
        lines.append("  " + " ".join(stores))
    return "\n".join([*lines, "}", ""])


def _choices(kernel: Kernel) -> list[str]:
    """Which tile comes next: the highest that fits; two of middle height rather than a high and a low one."""
    lines = []
    for wide, heights in kernel.heights.items():
        lines.append("if (width > @L@) {" if wide > 1 else "} else {")
        for number, high in enumerate(heights):
            test = f"below >= {high}"
            if number == 0 and 2 * heights[1] > high:
                test += f" && below / {heights[2]} != {2 * heights[1] // heights[2]}"
            condition = f"if ({test}) " if number < len(heights) - 1 else ""
            lines.append(f"  {'else ' if number else ''}{condition}st_tile_{high}x{wide}_@S@(&t), high = {high};")
    return [*lines, "}"]
