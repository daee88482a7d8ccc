"""Training epochs as native code, for those who know the eager engine, `nn/steps.py`, which does the same step by step.

`engine.py` runs epochs; `sample.py` compiles the loss of one sample; `batchwise.py` gives a sample what belongs to its
batch, Dropout's masks and BatchNorm1d's means; `accumulation.py` runs steps of several parts; `watched.py` gives
LayerStatistics its numbers.
"""

from nn.compiled.batchwise import Unsupported as Unsupported
from nn.compiled.engine import Compiled as Compiled
from nn.compiled.engine import available as available
from nn.compiled.engine import compiled as compiled
