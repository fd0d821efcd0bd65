"""Training steps that run without Python: traced from the package's code, converted to LiteRT.

`steps` makes a whole training step a pure function of one state vector, `convert` turns it into a
LiteRT program, and `interpreter` runs it here as a web page would.
"""
