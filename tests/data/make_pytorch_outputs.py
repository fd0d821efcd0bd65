"""Store what PyTorch computes for each case of `pytorch_cases`, so that tests need no PyTorch.

    pip install torch==2.13.0
    PYTHONPATH=tests python tests/data/make_pytorch_outputs.py

PyTorch is an option for development and no dependency: where it is installed, the tests compare
what is stored with what it computes.
"""

import json

import numpy as np


def main():
    """Compute and store all cases."""
    import pytorch_cases
    import torch

    stored = {}
    for name, make in pytorch_cases.CASES.items():
        shapes, output = pytorch_cases.compute(torch, make())
        stored[f"{name}/shapes"], stored[f"{name}/output"] = json.dumps(shapes), output
        print(f"{name}: {len(shapes)} tensors, output {output.shape}, spread {output.std():.3g}")
    np.savez_compressed(pytorch_cases.STORED, **stored)


if __name__ == "__main__":
    main()
