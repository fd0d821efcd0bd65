"""Programs that run without Python: functions of the package, such as its training step, as LiteRT.

`convert` turns a function of tensors, such as `steps.training_step`, into a LiteRT program, and
`interpreter` runs it here as a web page would. `activations` and `convolution` are what TensorFlow
has, with gradients that convert.
"""
