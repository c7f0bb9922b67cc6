static int st_fail(st_ctx *ctx, int64_t code, int64_t site, int64_t a, int64_t b) {
  ctx->error.code = code;
  ctx->error.site = site;
  ctx->error.value[0] = a;
  ctx->error.value[1] = b;
  return 1;
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define ST_SHUFFLE 1
#endif
#endif
typedef float st_f32x2 __attribute__((vector_size(8)));
typedef double st_f64x2 __attribute__((vector_size(16)));
typedef int8_t st_i8x2 __attribute__((vector_size(2)));
typedef int16_t st_i16x2 __attribute__((vector_size(4)));
typedef int32_t st_i32x2 __attribute__((vector_size(8)));
typedef int64_t st_i64x2 __attribute__((vector_size(16)));
typedef uint8_t st_u8x2 __attribute__((vector_size(2)));
typedef uint16_t st_u16x2 __attribute__((vector_size(4)));
typedef uint32_t st_u32x2 __attribute__((vector_size(8)));
typedef uint64_t st_u64x2 __attribute__((vector_size(16)));
typedef float st_f32x4 __attribute__((vector_size(16)));
typedef double st_f64x4 __attribute__((vector_size(32)));
typedef int8_t st_i8x4 __attribute__((vector_size(4)));
typedef int16_t st_i16x4 __attribute__((vector_size(8)));
typedef int32_t st_i32x4 __attribute__((vector_size(16)));
typedef int64_t st_i64x4 __attribute__((vector_size(32)));
typedef uint8_t st_u8x4 __attribute__((vector_size(4)));
typedef uint16_t st_u16x4 __attribute__((vector_size(8)));
typedef uint32_t st_u32x4 __attribute__((vector_size(16)));
typedef uint64_t st_u64x4 __attribute__((vector_size(32)));
typedef float st_f32x8 __attribute__((vector_size(32)));
typedef double st_f64x8 __attribute__((vector_size(64)));
typedef int8_t st_i8x8 __attribute__((vector_size(8)));
typedef int16_t st_i16x8 __attribute__((vector_size(16)));
typedef int32_t st_i32x8 __attribute__((vector_size(32)));
typedef int64_t st_i64x8 __attribute__((vector_size(64)));
typedef uint8_t st_u8x8 __attribute__((vector_size(8)));
typedef uint16_t st_u16x8 __attribute__((vector_size(16)));
typedef uint32_t st_u32x8 __attribute__((vector_size(32)));
typedef uint64_t st_u64x8 __attribute__((vector_size(64)));
typedef float st_f32x16 __attribute__((vector_size(64)));
typedef double st_f64x16 __attribute__((vector_size(128)));
typedef int8_t st_i8x16 __attribute__((vector_size(16)));
typedef int16_t st_i16x16 __attribute__((vector_size(32)));
typedef int32_t st_i32x16 __attribute__((vector_size(64)));
typedef int64_t st_i64x16 __attribute__((vector_size(128)));
typedef uint8_t st_u8x16 __attribute__((vector_size(16)));
typedef uint16_t st_u16x16 __attribute__((vector_size(32)));
typedef uint32_t st_u32x16 __attribute__((vector_size(64)));
typedef uint64_t st_u64x16 __attribute__((vector_size(128)));
typedef float st_f32x32 __attribute__((vector_size(128)));
typedef double st_f64x32 __attribute__((vector_size(256)));
typedef int8_t st_i8x32 __attribute__((vector_size(32)));
typedef int16_t st_i16x32 __attribute__((vector_size(64)));
typedef int32_t st_i32x32 __attribute__((vector_size(128)));
typedef int64_t st_i64x32 __attribute__((vector_size(256)));
typedef uint8_t st_u8x32 __attribute__((vector_size(32)));
typedef uint16_t st_u16x32 __attribute__((vector_size(64)));
typedef uint32_t st_u32x32 __attribute__((vector_size(128)));
typedef uint64_t st_u64x32 __attribute__((vector_size(256)));
typedef float st_f32x64 __attribute__((vector_size(256)));
typedef double st_f64x64 __attribute__((vector_size(512)));
typedef int8_t st_i8x64 __attribute__((vector_size(64)));
typedef int16_t st_i16x64 __attribute__((vector_size(128)));
typedef int32_t st_i32x64 __attribute__((vector_size(256)));
typedef int64_t st_i64x64 __attribute__((vector_size(512)));
typedef uint8_t st_u8x64 __attribute__((vector_size(64)));
typedef uint16_t st_u16x64 __attribute__((vector_size(128)));
typedef uint32_t st_u32x64 __attribute__((vector_size(256)));
typedef uint64_t st_u64x64 __attribute__((vector_size(512)));

static inline int64_t st_mod_i64(int64_t a, int64_t b) { if (b == 0 || b == -1) return 0; int64_t r = a % b; return r + ((r != 0 && (r ^ b) < 0) ? b : 0); }
static inline int64_t st_floordiv_i64(int64_t a, int64_t b) { if (b == 0) return 0; if (b == -1) return (int64_t)-(uint64_t)a; int64_t q = a / b; return q - ((a % b != 0) & ((a ^ b) < 0)); }
static inline int64_t st_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

/* k1_constant
 *   constant: int64[]  at functools.py:1001
 */
static int k1_constant(st_ctx *ctx, int64_t *restrict constant_2) {
  constant_2[0] = 0;
  return 0;
}

/* k2_while_loop
 *   while_loop: (int64[], int64[], int64[], int64[])  at probe_10_collatz.py:19
 */
static int k2_while_loop(st_ctx *ctx, const int64_t *restrict n, int64_t *restrict item_3, int64_t *restrict item, int64_t *restrict item_2, int64_t *restrict item_4) {
  int64_t n_3 = n[0];
  int64_t steps = 0;
  int64_t peak = n[0];
  int64_t rounds = 0;
  int holds = 0;
  if (1) {
    const int t6 = n_3 != 1;
    holds = t6;
  }
  while (holds) {
    const int t1 = st_mod_i64(n_3, 2) == 0;
    int64_t chosen = 0;
    if (t1) {
      const int64_t t2 = st_floordiv_i64(n_3, 2);
      chosen = t2;
    } else {
      const int64_t t3 = (3 * n_3) + 1;
      chosen = t3;
    }
    const int64_t t4 = steps + 1;
    const int64_t t5 = st_max_i64(peak, chosen);
    n_3 = chosen;
    steps = t4;
    peak = t5;
    rounds = rounds + 1;
    if (1) {
      const int t7 = n_3 != 1;
      holds = t7;
    }
  }
  item_3[0] = n_3;
  item[0] = steps;
  item_2[0] = peak;
  item_4[0] = rounds;
  return 0;
}

/* probe_10_collatz: 2 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  int64_t *const n = arguments[0];
  const int64_t n_2 = *(int64_t *)arguments[0];
  (void)n_2;
  char *const arena = ctx->arena(ctx, 0, 128);
  if (!arena) return 1;
  int64_t *constant_2 = (int64_t *)(arena + 0);
  int64_t *item_3 = (int64_t *)(arena + 0);
  int64_t *item_4 = (int64_t *)(arena + 64);
  int64_t *const item = ctx->output(ctx, 0, 0);
  if (!item) return 1;
  int64_t *const item_2 = ctx->output(ctx, 1, 0);
  if (!item_2) return 1;
  if (k1_constant(ctx, constant_2)) return 1;
  if (k2_while_loop(ctx, n, item_3, item, item_2, item_4)) return 1;
  return 0;
}
