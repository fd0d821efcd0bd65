"""The small Keras networks that the chapters train."""

from steadynet.networks.convolution import KINDS, convolution_network
from steadynet.networks.plain import dense_network, recurrent_network

__all__ = ["KINDS", "convolution_network", "dense_network", "recurrent_network"]
