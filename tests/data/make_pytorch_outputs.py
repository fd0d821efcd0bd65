"""Store what PyTorch computes for each case of `pytorch_cases`, so that tests need no PyTorch.

pip install torch==2.13.0
PYTHONPATH=tests python tests/data/make_pytorch_outputs.py
"""

import json

import numpy as np
import pytorch_cases as cases
import torch

if __name__ == "__main__":
    stored = {}
    for name, make in cases.CASES.items():
        shapes, output = cases.compute(torch, make())
        stored[f"{name}/shapes"], stored[f"{name}/output"] = json.dumps(shapes), output
        print(f"{name}: {len(shapes)} tensors, output {output.shape}, spread {output.std():.3g}")
    np.savez_compressed(cases.STORED, **stored)
