"""The functions of the library: how many arguments they take and how many ulp they may be off, as tested."""

from __future__ import annotations

from symtensor.records import dataclass


@dataclass(frozen=True)
class MathFunction:
    """One function: number of arguments, and the largest documented error in ulp for each precision."""

    name: str
    arity: int
    max_ulp: dict[str, float]


def _table(**rows: tuple[int, float, float]) -> dict[str, MathFunction]:
    return {name: MathFunction(name, row[0], {"f32": row[1], "f64": row[2]}) for name, row in rows.items()}


#: name -> (arity, max ulp in float32, max ulp in float64)
FUNCTIONS: dict[str, MathFunction] = _table(
    exp=(1, 1.1, 1.1),
    expm1=(1, 1.5, 1.5),
    log=(1, 1.0, 1.0),
    log1p=(1, 1.0, 1.0),
    tanh=(1, 2.0, 2.0),
    expit=(1, 2.5, 2.5),
    softplus=(1, 2.0, 2.0),
    log_expit=(1, 2.0, 2.0),
    exp2=(1, 1.2, 1.2),
    log2=(1, 1.5, 1.5),
    log10=(1, 1.2, 1.2),
    sinh=(1, 2.0, 2.0),
    cosh=(1, 1.6, 1.6),
    sin=(1, 2.0, 2.0),
    cos=(1, 2.0, 2.0),
    tan=(1, 2.0, 2.0),
    arctan=(1, 1.5, 1.5),
    arctan2=(2, 2.0, 2.0),
    arcsin=(1, 2.0, 2.0),
    arccos=(1, 1.5, 1.5),
    erf=(1, 2.0, 1.5),
    erfc=(1, 4.5, 4.5),
    ndtr=(1, 5.0, 5.0),
    log_ndtr=(1, 5.0, 5.0),
    arcsinh=(1, 2.0, 2.0),
    arccosh=(1, 2.5, 2.5),
    arctanh=(1, 2.0, 2.0),
    cbrt=(1, 0.51, 0.51),
    hypot=(2, 0.51, 0.51),
    gammaln=(1, 9.0, 9.0),
    digamma=(1, 5.0, 5.0),
    erfinv=(1, 4.0, 4.0),
    pow=(2, 1.5, 1.5),
    sqrt=(1, 0.5, 0.5),
)
