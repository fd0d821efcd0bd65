"""How much faster are 90 runs side by side (ours) than in turn (the other, reckoned from three)?"""

from __future__ import annotations

from bench.measure import Row, compare

RUNS, SAMPLE, STEPS = 90, 3, 100


def rows(repeats: int) -> list[Row]:
    """The recurrent network: five rates times eighteen thresholds."""
    import keras

    from steadynet import networks, sweeps, training
    from steadynet.tasks import temporal_order

    x, y = temporal_order.sequences(20, STEPS, seed=0)
    options = {"steps": STEPS, "batch_size": temporal_order.BATCH_SIZE, "chunk": STEPS}
    model = networks.recurrent_network(20)
    row = sweeps.Sweep(model, clip="global_norm")
    trainer = training.Trainer(model, keras.optimizers.SGD(0.01), clip="global_norm")

    def together():
        row.run(x, y, **options, learning_rates=[0.01] * RUNS, thresholds=[1.0] * RUNS)

    def one_by_one():
        for _ in range(SAMPLE):
            trainer.run(x, y, **options, threshold=1.0)

    measured = compare("", together, one_by_one, repeats, 1.0, "s")
    ratios = tuple(ratio * RUNS / SAMPLE for ratio in measured.ratios)
    reckoned = f"{float(measured.other.split()[0]) * RUNS / SAMPLE:.3g} s"
    return [Row(f"{RUNS} runs of {STEPS} steps", measured.ours, reckoned, ratios)]
