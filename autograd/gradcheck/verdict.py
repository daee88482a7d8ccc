"""Right, wrong, or not to be told: the judgement on one derivative."""

import enum
import math

from autograd.gradcheck.references import NEGLIGIBLE, Slope

SAFETY = 4.0  # times the first-order bound on rounding, for what first order leaves out
CONCLUSIVE = 1e-4  # of the derivative: a reference known less well passes nothing
VAGUE = 0.1  # of the derivative: a reference known less well than this fails nothing, either
CANCELLED = 1e-10  # of the terms that add up to it, where they cancel: their rounding is all that is left


class Verdict(enum.StrEnum):
    """PASS: right. FAIL: wrong. INCONCLUSIVE: the reference cannot tell."""

    PASS = "PASS"
    INCONCLUSIVE = "INCONCLUSIVE"
    FAIL = "FAIL"


def judge(analytic: float, reference: Slope, tolerance: float, size: float) -> Verdict:
    """FAIL outside the tolerance; inside it PASS, if the tolerance is small beside the derivative or its terms."""
    slope = max(abs(reference.low), abs(reference.high), reference.scale)
    known = max(CONCLUSIVE * slope, CANCELLED * size if math.isfinite(size) else 0.0, NEGLIGIBLE)
    if reference.low != reference.low or reference.error > max(VAGUE * slope, known):
        return Verdict.INCONCLUSIVE
    distance = reference.distance(analytic)
    if distance > tolerance or (distance and not math.isfinite(analytic)):
        return Verdict.FAIL
    return Verdict.PASS if tolerance <= known else Verdict.INCONCLUSIVE
