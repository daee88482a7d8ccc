"""Optimisers and learning-rate schedules, under PyTorch's names, with its formulas and defaults."""

from nn.optim import lr_scheduler as lr_scheduler
from nn.optim.adaptive import Adagrad as Adagrad
from nn.optim.adaptive import Adam as Adam
from nn.optim.adaptive import AdamW as AdamW
from nn.optim.adaptive import RMSprop as RMSprop
from nn.optim.newton import Newton as Newton
from nn.optim.optimizer import Optimizer as Optimizer
from nn.optim.optimizer import decay_groups as decay_groups
from nn.optim.sgd import SGD as SGD
