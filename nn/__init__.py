"""Neural networks of scalar Values: thin, readable, under PyTorch's names.

>>> import nn
>>> model = nn.MLP(3, [4, 4, 1])
>>> len(model.parameters())
41
"""

import autograd

if not hasattr(autograd, "Value"):  # HIPS autograd has the same import name
    raise ImportError(
        "`import autograd` finds HIPS autograd, not stepgrad's: uninstall both `autograd` and `stepgrad`, then install"
        " one of them only"
    )

from nn import data as data
from nn import functional as functional
from nn import init as init
from nn import optim as optim
from nn import plots as plots
from nn import stats as stats
from nn import utils as utils
from nn.activations import ELU as ELU
from nn.activations import GELU as GELU
from nn.activations import LeakyReLU as LeakyReLU
from nn.activations import LogSoftmax as LogSoftmax
from nn.activations import PReLU as PReLU
from nn.activations import ReLU as ReLU
from nn.activations import Sigmoid as Sigmoid
from nn.activations import SiLU as SiLU
from nn.activations import Softmax as Softmax
from nn.activations import Softplus as Softplus
from nn.activations import Tanh as Tanh
from nn.callbacks import EarlyStopping as EarlyStopping
from nn.callbacks import LayerStatistics as LayerStatistics
from nn.compiled import Unsupported as Unsupported
from nn.containers import Residual as Residual
from nn.containers import Sequential as Sequential
from nn.descent import gradient_descent as gradient_descent
from nn.filming import Filming as Filming
from nn.filming import film as film
from nn.history import History as History
from nn.layers import MLP as MLP
from nn.layers import Layer as Layer
from nn.layers import Linear as Linear
from nn.layers import Neuron as Neuron
from nn.module import Module as Module
from nn.normalization import BatchNorm1d as BatchNorm1d
from nn.normalization import Dropout as Dropout
from nn.saving import load as load
from nn.saving import save as save
from nn.training import Training as Training
from nn.training import fit as fit
