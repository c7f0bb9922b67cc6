//@ f32

/* the number whose float16 has the bits h (0 to 65535) */
F half_to_float(I h) {
  I magnitude = h & 0x7fff;
  F normal = as_float((magnitude << 13) + iblend(igt(magnitude, 0x7bff), 0x70000000, 0x38000000));
  F y = blend(lt(to_float(magnitude), 1024.0), to_float(magnitude) * 5.9604644775390625e-08, normal);
  return as_float(as_int(y) | shl(h & 0x8000, 16));
}

/* the bits of a number that float16 has */
I float_to_half(F x) {
  I bits = as_int(x) & 0x7fffffff; // not of abs(x): gcc takes x * x for its own size, but a NaN may have a sign
  I normal = (bits - 0x38000000) >> 13;
  I small = to_int(least(1.0, abs(x)) * 16777216.0);
  I special = iblend(igt(bits, 0x7f800000), 0x7e00, 0x7c00);
  I code = iblend(igt(bits, 0x477fffff), special, iblend(igt(bits, 0x387fffff), normal, small));
  return code | iblend(ilt(as_int(x), 0), 0x8000, 0);
}

/* the float16 nearest to x, ties to even: adding a power of two 13 binary places above x rounds away what is below */
F round_half(F x) {
  F a = abs(x);
  F m = greatest(0.5, as_float((as_int(least(131072.0, a)) & 0x7f800000) + 0x06800000));
  F r = (least(131072.0, a) + m) - m;
  r = blend(ge(r, 65536.0), as_float(INF_BITS), r);
  r = blend(eq(a, a), r, a);
  return copysign(r, x);
}

//@ f64

/* the float16 nearest to x, ties to even: adding a power of two 42 binary places above x rounds away what is below */
F round_half(F x) {
  F a = abs(x);
  F m = greatest(268435456.0, as_float((as_int(least(131072.0, a)) & 0x7ff0000000000000) + 0x02a0000000000000));
  F r = (least(131072.0, a) + m) - m;
  r = blend(ge(r, 65536.0), as_float(INF_BITS), r);
  r = blend(eq(a, a), r, a);
  return copysign(r, x);
}
