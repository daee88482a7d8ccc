"""A recorded graph in other number systems: complex, rational, many digits, intervals, dual numbers.

Read `number.py` first; each other file is one system or a few. A system says how to evaluate the rows that are not
written with other rows; no derivative is written anywhere but in the table.
"""

from autograd.replay.dual import Dual as Dual
from autograd.replay.interval import Interval as Interval
from autograd.replay.number import Unsupported as Unsupported
from autograd.replay.number import evaluate as evaluate
from autograd.replay.number import replay as replay
from autograd.replay.systems import Complex as Complex
from autograd.replay.systems import Precise as Precise
from autograd.replay.systems import Rational as Rational
