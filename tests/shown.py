"""What the view makes of a demo's state, in Python."""

import numpy as np

from steadynet.explorer import state


def code_at(demo, settings):
    """The code with the words of one setting filled in."""
    told, index = demo.describe()["code"], demo.indices(settings)

    def words(part):
        table, place = told["parts"][part], 0
        for k in table["over"]:
            place = place * demo.shape[k] + index[k]
        return table["words"][table["entries"][place]]

    return "".join(p if isinstance(p, str) else words(p["part"]) for p in told["pieces"])


def unpack(packed):
    """The array that `pack` stored, as float64; its rounding is that of the codes."""
    kind = "<f4" if packed["type"] == "f32" else "<u2"
    values = np.frombuffer(packed["data"], kind).astype(float).reshape(packed["shape"])
    if packed["type"] == "f32":
        return values
    values[values == state.MISSING] = np.nan
    lo, hi, share = packed["lo"], packed["hi"], values / state.LARGEST
    return lo * (hi / lo) ** share if packed["log"] else lo + (hi - lo) * share
