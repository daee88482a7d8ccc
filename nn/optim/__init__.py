"""Optimisers and learning-rate schedules, under PyTorch's names, with its formulas and defaults."""

from nn.optim.optimizer import Optimizer as Optimizer
from nn.optim.optimizer import decay_groups as decay_groups
from nn.optim.sgd import SGD as SGD
