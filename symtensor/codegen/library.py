"""Steps that a library computes: matrix products by BLAS tiles, factorisations by LAPACK, and ``nonzero``.

Every routine is one row of ``ROUTINES``: the C text of a function over whole buffers.  BLAS and LAPACK functions are
reached through ``ctx->library``.
"""

from __future__ import annotations

from collections.abc import Callable

from symtensor.codegen.microkernel import VECTORS
from symtensor.codegen.product import Choice
from symtensor.codegen.program import Gemm, Library
from symtensor.errors import CODES
from symtensor.ir import size as sz
from symtensor.ir.size import SizeLike
from symtensor.records import dataclass

GEMM_TILE = 256  # most rows of a tile: each is one single-threaded BLAS call
OWN_HIGH, OWN_WIDE = 192, 128  # most rows and columns of a tile of our own kernel
GEMM_WORK = 400000  # multiply-adds below which threads do not pay
WHOLE = 1 << 24  # multiply-adds below which a product that has others beside it is one tile
BLAS_PANEL = 384  # depth of OpenBLAS's packed panels, and about their rows: it packs 384 x (384 + n) elements at a time


# ------------------------------------------------------------------------------------------------ matrix products
def gemm_source(step: Gemm, t: str, choice: Choice, number: int, comment: str) -> list[str]:
    """The tile function of a matrix product; the tiles are a function of the sizes alone.

    Args:
        step: the product.
        t: C name of the element type.
        choice: who computes it.
        number: of BLAS's function in ``ctx->library``.
        comment: what is computed.
    """
    name, batch = step.name, len(step.batch)
    fields = ["const void *function;", f"const {t} *a, *b;", f"{t} *c;", "int64_t rows, columns, inner;"]
    fields += ["int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */", "int own;"]
    fields += ["int64_t beside; /* products of the same batch */"]
    fields += ["int64_t lda, ldb, ldc;"]
    fields += [f"int64_t extent{k}, a_step{k}, b_step{k}, c_step{k};" for k in range(batch)]
    unpack = []
    for k in reversed(range(batch)):
        unpack += [f"  const int64_t i{k} = rest % g->extent{k};", f"  rest /= g->extent{k};"]

    def at(which: str) -> str:
        return f"g->{which}" + "".join(f" + i{k} * g->{which}_step{k}" for k in range(batch))

    row_at = "row" if step.a.transposed else "row * g->lda"
    column_at = "column * g->ldb" if step.b.transposed else "column"
    return [
        f"/* {name}: {comment}, a (batched) matrix product in tiles */",
        "typedef struct {",
        *(f"  {f}" for f in fields),
        f"}} {name}_arguments;",
        f"static int {name}_tile(void *argument, int64_t chunk, int64_t worker) {{",
        f"  const {name}_arguments *g = argument;",
        "  (void)worker;",
        "  int64_t rest = chunk / g->strips / g->tiles;",
        "  const int64_t row = chunk / g->strips % g->tiles * g->high, column = chunk % g->strips * g->wide;",
        "  const int64_t rows = g->rows - row < g->high ? g->rows - row : g->high;",
        "  const int64_t columns = g->columns - column < g->wide ? g->columns - column : g->wide;",
        *unpack,
        "  (void)rest;",
        f"  const {t} *a = {at('a')} + {row_at};",
        f"  const {t} *b = {at('b')} + {column_at};",
        f"  {t} *c = {at('c')} + row * g->ldc + column;",
        *_own_product(step, choice),
        *(_blas_product(step, t) if choice.blas else ()),
        "  return 0;",
        "}",
        f"static int {name}(st_ctx *ctx, {name}_arguments g, int64_t batches) {{",
        *([f"  g.function = ctx->library[{number}];"] if choice.blas else ()),
        "  if (batches == 0 || g.rows == 0 || g.columns == 0) return 0;",
        "  if (g.inner == 0) g.lda = g.lda > 0 ? g.lda : 1, g.ldb = g.ldb > 0 ? g.ldb : 1;",
        *_grid(choice),
        f"  if (g.beside > 1 && g.rows * g.columns * g.inner < {WHOLE}) g.high = g.rows, g.wide = g.columns;",
        "  g.tiles = (g.rows + g.high - 1) / g.high, g.strips = (g.columns + g.wide - 1) / g.wide;",
        "  const int64_t chunks = batches * g.tiles * g.strips;",
        f"  if (chunks > 1 && ctx->workers > 1 && batches * g.rows * g.columns * g.inner >= {GEMM_WORK})",
        f"    return ctx->parallel(ctx, {name}_tile, &g, chunks);",
        f"  for (int64_t chunk = 0; chunk < chunks; ++chunk) {name}_tile(&g, chunk, 0);",
        "  return 0;",
        "}",
        "",
    ]


def _own_product(step: Gemm, choice: Choice) -> list[str]:
    """The call of our kernel for one tile."""
    if choice.kernel is None:
        return []
    a, b = (("1, g->ld{0}" if m.transposed else "g->ld{0}, 1").format(n) for n, m in (("a", step.a), ("b", step.b)))
    call = f"{choice.kernel.name}(a, {a}, b, {b}, c, g->ldc, rows, columns, g->inner, 1, 0);"
    return ["  if (g->own) {", f"    {call}", "    return 0;", "  }"] if choice.blas else [f"  {call}"]


def _blas_product(step: Gemm, t: str) -> list[str]:
    """The call of BLAS for one tile."""
    trans = {False: 111, True: 112}
    return [
        f"  typedef void gemm(int, int, int, int, int, int, {t}, const {t} *, int, const {t} *, int, {t}, {t} *, int);",
        f"  ((gemm *)g->function)(101, {trans[step.a.transposed]}, {trans[step.b.transposed]}, (int)rows,",
        "                        (int)columns, (int)g->inner, 1, a, (int)g->lda, b, (int)g->ldb, 0,",
        "                        c, (int)g->ldc);",
    ]


def _grid(choice: Choice) -> list[str]:
    """The lines that set rows and columns of a tile: strips of columns for our kernel, rows for BLAS."""
    blas = [
        "const int64_t half = (g.rows / 2 + 15) / 16 * 16;",
        f"g.high = g.rows <= 64 ? g.rows : half < {GEMM_TILE} ? half : {GEMM_TILE};",
        "g.wide = g.columns;",
    ]
    if choice.kernel is None:
        return [f"  {line}" for line in blas]
    columns, rows = choice.kernel.columns, choice.kernel.heights[VECTORS][0]
    own = [
        f"const int64_t half = (g.columns + 1) / 2 < {OWN_WIDE} ? (g.columns + 1) / 2 : {OWN_WIDE};",
        f"const int64_t most = half > {columns} ? half : {columns};",
        f"const int64_t pieces = (g.rows + {OWN_HIGH - 1}) / {OWN_HIGH}, strips = (g.columns + most - 1) / most;",
        f"g.high = ((g.rows + pieces - 1) / pieces + {rows - 1}) / {rows} * {rows};",
        f"g.wide = ((g.columns + strips - 1) / strips + {columns - 1}) / {columns} * {columns};",
    ]
    if not choice.blas:
        return [f"  {line}" for line in own]
    conditions = " && ".join(choice.conditions).replace("g->", "g.")
    inside = [["  if (g.own) {", *own], ["  } else {", *blas]]
    return [
        f"  g.own = {conditions};",
        *(f"{'' if n == 0 else '    '}{x}" for b in inside for n, x in enumerate(b)),
        "  }",
    ]


def gemm_call(step: Gemm, size: Callable[[SizeLike], str]) -> str:
    """The call of a matrix product with its sizes."""
    operands = {
        name: m.buffer if m.offset == 0 else f"{m.buffer} + ({size(m.offset)})"
        for name, m in (("a", step.a), ("b", step.b), ("c", step.c))
    }
    batches = " * ".join(f"({size(e)})" for e in step.batch) or "1"
    fields = operands | {
        "rows": size(step.rows), "columns": size(step.columns), "inner": size(step.inner),
        "lda": size(step.a.leading), "ldb": size(step.b.leading), "ldc": size(step.c.leading),
        "beside": batches if step.batch else size(step.beside),
    }  # fmt: skip
    for k, extent in enumerate(step.batch):
        fields |= {
            f"extent{k}": size(extent), f"a_step{k}": size(step.a.strides[k]), f"b_step{k}": size(step.b.strides[k]),
            f"c_step{k}": size(step.c.strides[k]),
        }  # fmt: skip
    text = ", ".join(f".{k} = {v}" for k, v in fields.items())
    return f"{step.name}(ctx, ({step.name}_arguments){{{text}}}, {batches})"


def gemm_buffer(step: Gemm) -> SizeLike:
    """Bytes that BLAS packs the operands of one tile into, which it keeps for each thread (see ``BLAS_PANEL``)."""
    depth, rows = sz.minimum(step.inner, BLAS_PANEL), sz.minimum(step.rows, GEMM_TILE)
    return sz.mul(sz.mul(depth, sz.add(sz.minimum(step.columns, BLAS_PANEL), rows)), step.dtype.itemsize)


# ------------------------------------------------------------------------------------------------------- routines
Bytes = Callable[[SizeLike, SizeLike, SizeLike, int], SizeLike]


@dataclass(frozen=True)
class Routine:
    """One library routine: C text with the element type as ``@T@``, its letter as ``@L@``, functions as ``@name@``.

    Matrices lie by rows.  LAPACK is told that they lie by columns, so that it sees transposes: the other way LAPACKE
    copies every operand to and fro.  So ``'U'`` stands for what is the lower triangle here.

    Attributes:
        functions: names with ``?`` for the letter of the element type, as in ``cblas_?trsm``.
        text: the C text; ``@trsm@`` is the place of a function in the table.
        workspace: bytes that it asks for beside its results, ``work_bytes`` in the text; by the rows and columns of the
            matrix, the columns of the last operand and the bytes of an element.
        hidden: likewise, what the library copies for itself.
    """

    functions: tuple[str, ...]
    text: str
    workspace: Bytes | None = None
    hidden: Bytes | None = None


ROUTINES = {
    "cholesky": Routine(
        ("LAPACKE_?potrf",),
        """\
/* The lower Cholesky factor of each matrix of a stack; the upper triangle of the result is zero. */
static int st_cholesky_@L@(st_ctx *ctx, const @T@ *a, @T@ *l, int64_t count, int64_t n, int64_t site) {
  typedef int potrf(int, char, int, @T@ *, int);
  for (int64_t k = 0; k < count && n > 0; ++k, a += n * n, l += n * n) {
    if (l != a)
      for (int64_t i = 0; i < n; ++i) __builtin_memcpy(l + i * n, a + i * n, sizeof(@T@) * (i + 1));
    const int info = ((potrf *)ctx->library[@potrf@])(102, 'U', (int)n, l, (int)n);
    if (info != 0) return st_fail(ctx, @LINALG@, site, info, k);
    for (int64_t i = 0; i < n; ++i) __builtin_memset(l + i * n + i + 1, 0, sizeof(@T@) * (n - i - 1));
  }
  return 0;
}
""",
    ),
    "cholesky_inverse": Routine(
        ("LAPACKE_?potri",),
        """\
/* The inverse of each symmetric matrix of a stack from its lower Cholesky factor. */
static int st_cholesky_inverse_@L@(st_ctx *ctx, const @T@ *l, @T@ *x, int64_t count, int64_t n, int64_t site) {
  typedef int potri(int, char, int, @T@ *, int);
  for (int64_t k = 0; k < count && n > 0; ++k, l += n * n, x += n * n) {
    if (x != l)
      for (int64_t i = 0; i < n; ++i) __builtin_memcpy(x + i * n, l + i * n, sizeof(@T@) * (i + 1));
    const int info = ((potri *)ctx->library[@potri@])(102, 'U', (int)n, x, (int)n);
    if (info != 0) return st_fail(ctx, @LINALG@, site, info, k);
@MIRROR@  }
  return 0;
}
""",
    ),
    "cholesky_pullback": Routine(
        ("cblas_?trmm", "cblas_?trsm"),
        """\
/* L^-T phi(L^T G) L^-1, made symmetric; phi takes the lower triangle with half of the diagonal. */
static int st_cholesky_pullback_@L@(st_ctx *ctx, const @T@ *l, const @T@ *g, @T@ *x, int64_t count, int64_t n,
                                    int64_t site) {
  typedef void triangular(int, int, int, int, int, int, int, @T@, const @T@ *, int, @T@ *, int);
  triangular *trmm = (triangular *)ctx->library[@trmm@], *trsm = (triangular *)ctx->library[@trsm@];
  (void)site;
  for (int64_t k = 0; k < count && n > 0; ++k, l += n * n, g += n * n, x += n * n) {
    for (int64_t i = 0; i < n; ++i) {
      if (x != g) __builtin_memcpy(x + i * n, g + i * n, sizeof(@T@) * (i + 1));
      __builtin_memset(x + i * n + i + 1, 0, sizeof(@T@) * (n - i - 1));
    }
    trmm(101, 141, 122, 112, 131, (int)n, (int)n, 1, l, (int)n, x, (int)n);
    for (int64_t i = 0; i < n; ++i) {
      x[i * n + i] *= (@T@)0.5;
      __builtin_memset(x + i * n + i + 1, 0, sizeof(@T@) * (n - i - 1));
    }
    trsm(101, 141, 122, 112, 131, (int)n, (int)n, 1, l, (int)n, x, (int)n);
    trsm(101, 142, 122, 111, 131, (int)n, (int)n, 1, l, (int)n, x, (int)n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < i; ++j) x[i * n + j] = (@T@)0.5 * (x[i * n + j] + x[j * n + i]);
@MIRROR@  }
  return 0;
}
""",
    ),
    "lu": Routine(
        ("LAPACKE_?getrf",),
        """\
/* a[:, order] = L U of each matrix of a stack, U's diagonal being 1; a singular matrix has a zero on that of L. */
static int st_lu_@L@(st_ctx *ctx, const @T@ *a, @T@ *lu, int64_t *order, @T@ *sign, int64_t count, int64_t n,
                     int64_t site, int64_t work_bytes) {
  typedef int getrf(int, int, int, @T@ *, int, int *);
  int *pivots = ctx->arena(ctx, 62, work_bytes);
  if (!pivots) return 1;
  if (lu != a) __builtin_memcpy(lu, a, sizeof(@T@) * count * n * n);
  for (int64_t k = 0; k < count; ++k, lu += n * n, order += n) {
    const int info = n > 0 ? ((getrf *)ctx->library[@getrf@])(102, (int)n, (int)n, lu, (int)n, pivots) : 0;
    if (info < 0) return st_fail(ctx, @LINALG@, site, info, k);
    int odd = 0;
    for (int64_t i = 0; i < n; ++i) order[i] = i;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t other = pivots[i] - 1, moved = order[i];
      odd ^= other != i;
      order[i] = order[other];
      order[other] = moved;
    }
    sign[k] = odd ? -1 : 1;
  }
  return 0;
}
""",
        workspace=lambda n, *_: sz.mul(sz.add(n, 1), 4),
    ),
    "lu_solve": Routine(
        ("cblas_?trsm",),
        """\
/* Solves a x = b (or a^T x = b) by a[:, order] = L U, for each matrix of a stack. */
static int st_lu_solve_@L@(st_ctx *ctx, const @T@ *a, const @T@ *lu, const int64_t *order, const @T@ *b, @T@ *x,
                           int64_t count, int64_t n, int64_t columns, int64_t transpose, int64_t site,
                           int64_t work_bytes) {
  typedef void trsm(int, int, int, int, int, int, int, @T@, const @T@ *, int, @T@ *, int);
  trsm *triangular = (trsm *)ctx->library[@trsm@];
  const uint64_t row = sizeof(@T@) * columns;
  const int right = (int)columns, size = (int)n;
  (void)a;
  @T@ *work = ctx->arena(ctx, 62, work_bytes);
  if (!work) return 1;
  for (int64_t k = 0; k < count && n > 0 && columns > 0; ++k, lu += n * n, order += n, b += n * columns) {
    for (int64_t i = 0; i < n; ++i)
      if (lu[i * n + i] == 0) return st_fail(ctx, @LINALG@, site, i + 1, k);
    for (int64_t i = 0; i < n; ++i)
      __builtin_memcpy(work + i * columns, b + (transpose ? order[i] : i) * columns, row);
    if (transpose) {
      triangular(101, 141, 121, 112, 132, size, right, 1, lu, size, work, right);
      triangular(101, 141, 122, 112, 131, size, right, 1, lu, size, work, right);
    } else {
      triangular(101, 141, 122, 111, 131, size, right, 1, lu, size, work, right);
      triangular(101, 141, 121, 111, 132, size, right, 1, lu, size, work, right);
    }
    for (int64_t i = 0; i < n; ++i)
      __builtin_memcpy(x + (transpose ? i : order[i]) * columns, work + i * columns, row);
    x += n * columns;
  }
  return 0;
}
""",
        workspace=lambda n, _, columns, item: sz.add(sz.mul(sz.mul(n, columns), item), 1),
    ),
    "qr": Routine(
        ("LAPACKE_?geqrf", "LAPACKE_?orgqr"),
        """\
/* The reduced QR factorisation of each matrix of a stack, by Householder reflections. */
static int st_qr_@L@(st_ctx *ctx, const @T@ *a, @T@ *q, @T@ *r, int64_t count, int64_t m, int64_t n, int64_t site,
                     int64_t work_bytes) {
  typedef int geqrf(int, int, int, @T@ *, int, @T@ *);
  typedef int orgqr(int, int, int, int, @T@ *, int, const @T@ *);
  const int64_t rank = m < n ? m : n;
  @T@ *work = ctx->arena(ctx, 62, work_bytes);
  if (!work) return 1;
  @T@ *tau = work + m * n;
  for (int64_t k = 0; k < count && rank > 0; ++k, a += m * n, q += m * rank, r += rank * n) {
    __builtin_memcpy(work, a, sizeof(@T@) * m * n);
    int info = ((geqrf *)ctx->library[@geqrf@])(101, (int)m, (int)n, work, (int)n, tau);
    if (info != 0) return st_fail(ctx, @LINALG@, site, info, k);
    for (int64_t i = 0; i < rank; ++i)
      for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? 0 : work[i * n + j];
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < rank; ++j) q[i * rank + j] = work[i * n + j];
    info = ((orgqr *)ctx->library[@orgqr@])(101, (int)m, (int)rank, (int)rank, q, (int)rank, tau);
    if (info != 0) return st_fail(ctx, @LINALG@, site, info, k);
  }
  return 0;
}
""",
        workspace=lambda m, n, _, item: sz.mul(sz.add(sz.mul(m, n), sz.add(sz.minimum(m, n), 1)), item),
        hidden=lambda m, n, _, item: sz.mul(sz.mul(m, n), item),  # LAPACKE's transposed copy
    ),
    "solve_triangular": Routine(
        ("cblas_?trsm", "cblas_?trsv"),
        """\
/* Solves a x = b (or a^T x = b) for triangular a, for each matrix of a stack. */
static int st_solve_triangular_@L@(st_ctx *ctx, const @T@ *a, const @T@ *b, @T@ *x, int64_t count, int64_t n,
                                   int64_t columns, int64_t lower, int64_t transpose, int64_t site) {
  typedef void trsm(int, int, int, int, int, int, int, @T@, const @T@ *, int, @T@ *, int);
  typedef void trsv(int, int, int, int, int, const @T@ *, int, @T@ *, int);
  const int triangle = lower ? 122 : 121, flip = transpose ? 112 : 111;
  if (x != b) __builtin_memcpy(x, b, sizeof(@T@) * count * n * columns);
  for (int64_t k = 0; k < count && n > 0 && columns > 0; ++k, a += n * n, x += n * columns) {
    for (int64_t i = 0; i < n; ++i)
      if (a[i * n + i] == 0) return st_fail(ctx, @LINALG@, site, i + 1, k);
    if (columns == 1)
      ((trsv *)ctx->library[@trsv@])(101, triangle, flip, 131, (int)n, a, (int)n, x, 1);
    else
      ((trsm *)ctx->library[@trsm@])(101, 141, triangle, flip, 131, (int)n, (int)columns, 1, a, (int)n, x,
                                     (int)columns);
  }
  return 0;
}
""",
    ),
}

# The upper triangle from the lower one, in blocks that fit into the first cache: rows are read, columns written.
_MIRROR = """\
    for (int64_t row = 0; row < n; row += 32)
      for (int64_t column = 0; column <= row; column += 32)
        for (int64_t j = column; j < column + 32 && j < n; ++j)
          for (int64_t i = row > j + 1 ? row : j + 1; i < row + 32 && i < n; ++i) x[j * n + i] = x[i * n + j];
"""


def _letter(t: str) -> str:
    return {"float": "s", "double": "d"}[t]


def routine_source(step: Library, t: str, function: Callable[[str], int]) -> tuple[str, str]:
    """Key and text of a routine for one element type."""
    if step.routine == "nonzero":
        rank = len(step.sizes)
        return f"nonzero_{t}_{rank}", _nonzero(t, rank)
    routine = ROUTINES[step.routine]
    if t not in ("float", "double"):
        raise TypeError(f"{step.routine} takes float32 or float64, not {t}\n  hint: cast first")
    letter = _letter(t)
    text = routine.text.replace("@MIRROR@", _MIRROR).replace("@T@", t).replace("@L@", letter)
    text = text.replace("@LINALG@", str(CODES["linalg"]))
    for name in routine.functions:
        text = text.replace(f"@{name.partition('?')[2]}@", str(function(name.replace("?", letter))))
    return f"{step.routine}_{t}", text


def _nonzero(t: str, rank: int) -> str:
    """Counting and listing the elements that are not zero, for one rank."""
    name = f"st_nonzero_{t}_{rank}"
    sizes = ", ".join(f"int64_t n{k}" for k in range(rank))
    total = " * ".join(f"n{k}" for k in range(rank))
    outputs = ", ".join(f"int64_t *w{k}" for k in range(rank))
    index = []
    for k in reversed(range(rank)):
        index.append(f"      w{k}[found] = rest % n{k};" if k else f"      w{k}[found] = rest;")
        if k:
            index.append(f"      rest /= n{k};")
    return "\n".join(
        [
            "/* Positions of the elements that are not zero, in row-major order: counted first, then listed. */",
            f"static int64_t {name}_count(const {t} *x, {sizes}) {{",
            "  int64_t found = 0;",
            f"  for (int64_t i = 0; i < {total}; ++i) found += x[i] != 0;",
            "  return found;",
            "}",
            f"static int {name}(const {t} *x, {outputs}, {sizes}) {{",
            "  int64_t found = 0;",
            f"  for (int64_t i = 0; i < {total}; ++i)",
            "    if (x[i] != 0) {",
            "      int64_t rest = i;",
            *index,
            "      ++found;",
            "    }",
            "  return 0;",
            "}",
            "",
        ]
    )


def routine_call(
    step: Library, t: str, sizes: list[str], site: int, workspace: str = "0", counting: bool = False
) -> str:
    """The call of a routine; ``workspace`` is how many bytes it may ask for, as text."""
    if step.routine == "nonzero":
        name = f"st_nonzero_{t}_{len(sizes)}"
        if counting:
            return f"{name}_count({', '.join([*step.inputs, *sizes])})"
        return f"{name}({', '.join([*step.inputs, *step.outputs, *sizes])})"
    rank = step.node.inputs[0].ndim
    work = [workspace] if ROUTINES[step.routine].workspace else []
    count = " * ".join(f"({s})" for s in sizes[: rank - 2]) or "1"
    first = sizes[rank - 2 : rank]
    arguments = ["ctx", *step.inputs, *step.outputs, count]
    if step.routine.startswith("cholesky") or step.routine == "lu":
        arguments.append(first[0])
    elif step.routine == "lu_solve":
        arguments += [first[0], sizes[-1], *map(str, step.flags)]
    elif step.routine == "qr":
        arguments += first
    else:
        right = step.node.inputs[1].ndim
        arguments += [first[0], sizes[-1] if right == rank else "1", *map(str, step.flags)]
    return f"st_{step.routine}_{_letter(t)}({', '.join([*arguments, str(site), *work])})"


def workspace_bytes(step: Library, itemsize: int) -> SizeLike:
    """Bytes that a routine asks for beside its results."""
    return _bytes(step, itemsize, "workspace")


def routine_buffer(step: Library, itemsize: int) -> SizeLike:
    """Bytes that the library takes for itself: copies of operands, and the panels that its products are packed into."""
    if step.routine == "nonzero":
        return 0
    columns = sz.maximum(step.sizes[-1], step.sizes[step.node.inputs[0].ndim - 1])
    panels = sz.mul(sz.mul(sz.minimum(columns, BLAS_PANEL), sz.add(columns, BLAS_PANEL)), itemsize)
    return sz.add(_bytes(step, itemsize, "hidden"), panels)


def _bytes(step: Library, itemsize: int, which: str) -> SizeLike:
    routine = ROUTINES.get(step.routine)
    formula: Bytes | None = getattr(routine, which) if routine else None
    if formula is None:
        return 0
    rank = step.node.inputs[0].ndim
    rows, columns = step.sizes[rank - 2 : rank]
    last = step.sizes[-1] if len(step.node.inputs) > 1 and step.node.inputs[-1].ndim == rank else 1
    return formula(rows, columns, last, itemsize)
