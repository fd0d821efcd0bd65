"""Training steps that run without Python: traced from the experiments' code, converted to LiteRT.

`steps` makes a whole training step a pure function of one state vector, `convert` turns it into a
LiteRT program, `interpreter` runs it here, and `plans` holds what each explorer trains in a page.
"""
