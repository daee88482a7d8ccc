// The forward functions of the table that are not written with other rows, by IEEE 754. Derivatives are generated.
const FORWARD = {
  identity: (x) => x,
  neg: (x) => -x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => y === 2 ? x * x : x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y), // not NaN
  abs: Math.abs,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  hypot: Math.hypot,
  erf,
  relu: (x) => x <= 0 ? 0 : x,
  maximum: larger,
  minimum: smaller,
  clamp: (x, min, max) => smaller(larger(x, min), max),
  sign: (x) => x > 0 ? 1 : x < 0 ? -1 : x * 0,
  where: (condition, x, y) => condition !== 0 ? x : y, // nan counts as true, as in Python
  greater: (x, y) => Number(x > y),
  greater_equal: (x, y) => Number(x >= y),
  less: (x, y) => Number(x < y),
  less_equal: (x, y) => Number(x <= y),
  equal: (x, y) => Number(x === y),
};

function larger(x, y) {
  return x > y || x !== x ? x : y;
}

function smaller(x, y) {
  return x < y || x !== x ? x : y;
}

// Abramowitz and Stegun 7.1.6 near zero, all terms of one sign, and beyond it 1 less the continued fraction 7.1.14 of
// what is missing: so that 1 - erf(x) keeps every digit that a rounding of erf(x) leaves it. 60 levels suffice at 2.
function erf(x) {
  const size = Math.abs(x);
  if (!(size < 6)) return x !== x ? x : Math.sign(x);
  if (size >= 2) {
    let fraction = size;
    for (let k = 60; k > 0; k--) fraction = size + k / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
  }
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

// O computes "tanh/1", P["tanh/1"](x, z) gives the local derivatives.
const O = {}, P = {};
for (const [name, compute] of Object.entries(FORWARD)) O[`${name}/${compute.length}`] = compute;
