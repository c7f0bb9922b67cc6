/* Jacobi sweeps, two at a time in a wavefront: the second sweep follows one row behind the first, whose rows live in a
 * ring that stays in L1.  Each thread has a band of rows and recomputes the ghost rows at its edges. */
#include "vec.h"

enum { LEVELS = 2, RING = 4 };

static inline void sweep_row(const T *up, const T *row, const T *down, T *out, int64_t m) {
  out[0] = row[0], out[m - 1] = row[m - 1];
  int64_t j = 1;
  V q = set1(0.25);
  for (; j + W <= m - 1; j += W)
    store(out + j, q * (((load(up + j) + load(down + j)) + load(row + j - 1)) + load(row + j + 1)));
  if (j < m - 1) {
    M k = tail(m - 1 - j);
    V sum = (load_mask(k, up + j) + load_mask(k, down + j)) + load_mask(k, row + j - 1) + load_mask(k, row + j + 1);
    store_mask(out + j, k, q * sum);
  }
}

/* Rows [first, last) of b after `levels` sweeps of a. */
static void band(const T *a, T *b, int64_t n, int64_t m, int64_t first, int64_t last, int levels, T *ring) {
#define LINE(level, r) ((level) == 0 ? (T *)a + (r) * m : (level) == levels ? b + (r) * m : ring + (r) % RING * m)
  int64_t begin = first - (levels - 1) < 0 ? 0 : first - (levels - 1), end = min64(n, last + levels - 1);
  for (int64_t i = begin; i < end + levels - 1; i++) {
    for (int level = 1; level <= levels; level++) {
      int64_t r = i - (level - 1), ghost = levels - level;
      if (r < 0 || r < first - ghost || r >= min64(n, last + ghost)) continue;
      T *row = LINE(level - 1, r), *out = LINE(level, r);
      if (r == 0 || r == n - 1)
        memcpy(out, row, m * sizeof *out);
      else
        sweep_row(LINE(level - 1, r - 1), row, LINE(level - 1, r + 1), out, m);
    }
  }
}

void FN(jacobi)(const T *x, const int64_t *sweeps, T *out, int64_t n, int64_t m) {
  int64_t rounds = (*sweeps + LEVELS - 1) / LEVELS;
  T *other = aligned_alloc(64, (n * m * sizeof *other + 63) / 64 * 64);
  const T *from = x;
  if (!rounds) memcpy(out, x, n * m * sizeof *out);
#pragma omp parallel
  {
    int64_t me = omp_get_thread_num(), count = omp_get_num_threads();
    T *ring = aligned_alloc(64, (RING * m * sizeof *ring + 63) / 64 * 64);
    for (int64_t round = 0; round < rounds; round++) {
      T *to = (rounds - round) % 2 ? out : other;
      int levels = (int)min64(LEVELS, *sweeps - round * LEVELS);
      band(from, to, n, m, n * me / count, n * (me + 1) / count, levels, ring);
#pragma omp barrier
#pragma omp single
      from = to;
    }
    free(ring);
  }
  free(other);
}
