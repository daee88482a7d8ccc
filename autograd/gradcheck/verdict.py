"""Right, wrong, or not to be told: the judgement on one derivative.

A right gradient lies within the tolerance: the reference's own error, and the rounding that a right gradient carries.
FAIL          the gradient lies outside.
PASS          it lies inside, and the tolerance is small: 1e-4 of the derivative, or 1e-8 of its natural scale, which is
              the slopes nearby and the terms that cancel in it (1 - z * z of a saturated tanh has the scale 2).
INCONCLUSIVE  it lies inside a tolerance that is not small, or the reference is not known to a tenth of that.
"""

import enum
import math

from autograd.gradcheck.references import NEGLIGIBLE, Slope

SAFETY = 4.0  # times the first-order bound on rounding, for what first order leaves out
CONCLUSIVE = 1e-4  # of the derivative: a tolerance above that passes nothing
NATURAL = 1e-8  # of its natural scale: half the digits
VAGUE = 0.1  # of the derivative, or of what should be one: a reference known less well than this fails nothing, either


class Verdict(enum.StrEnum):
    """PASS: right. FAIL: wrong. INCONCLUSIVE: the reference cannot tell."""

    PASS = "PASS"
    INCONCLUSIVE = "INCONCLUSIVE"
    FAIL = "FAIL"


def judge(analytic: float, reference: Slope, tolerance: float, size: float) -> Verdict:
    """The verdict on one number; `size` is that of the terms that cancel in it, else its own."""
    slope = reference.size
    scale = max(reference.scale, size if math.isfinite(size) else 0.0)
    small = max(CONCLUSIVE * slope, NATURAL * scale, NEGLIGIBLE)
    larger = max(slope, abs(analytic)) if math.isfinite(analytic) else slope
    if reference.low != reference.low or reference.error > max(VAGUE * larger, small):
        return Verdict.INCONCLUSIVE
    distance = reference.distance(analytic)
    if distance > tolerance or (distance and not (math.isfinite(analytic) and math.isfinite(slope))):
        return Verdict.FAIL
    return Verdict.PASS if tolerance <= small or math.isinf(slope) else Verdict.INCONCLUSIVE
