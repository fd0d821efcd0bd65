"""A chapter's first line sets the style and keeps TensorFlow's log lines off the page."""

import importlib
import math
import subprocess
import sys

import matplotlib as mpl
import pytest

from steadynet import experiments, notebook, recording


def fresh(code):
    """What a fresh interpreter prints and writes to its error stream."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def test_tensorflow_is_imported_without_a_word_and_later_errors_are_seen():
    out, err = fresh(
        "import sys; from steadynet import notebook; notebook.prepare()\n"
        "print('tensorflow' in sys.modules); sys.stderr.write('an error of the reader')"
    )
    assert out == "True"
    assert err == "an error of the reader"


def test_a_failed_import_of_tensorflow_is_told(monkeypatch, capfd):
    real = importlib.import_module

    def without_tensorflow(name, *package):
        if name == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *package)

    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(importlib, "import_module", without_tensorflow)
    with pytest.raises(ModuleNotFoundError, match="tensorflow"):
        notebook.prepare()
    print("seen", file=sys.__stderr__, flush=True)
    assert capfd.readouterr().err == "seen\n"


def test_figures_take_the_style_of_the_book():
    with mpl.rc_context({"axes.spines.top": True, "legend.frameon": True}):
        notebook.prepare()
        assert not mpl.rcParams["axes.spines.top"]
        assert not mpl.rcParams["legend.frameon"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(21_020_000, "2.1 × 10⁷"), (1.754e-05, "1.8 × 10⁻⁵"), (9.96, "1.0 × 10¹"), (1, "1.0 × 10⁰")],
)
def test_numbers_far_from_one_are_written_as_powers(value, text):
    assert notebook.as_power(value) == text


def test_what_was_glued_is_written_as_asked():
    notebook.glue("a share", 41.66)
    notebook.glue("a power", notebook.as_power(2.1e7))
    assert notebook.glued("a share", ".1f") == "41.7"
    assert notebook.glued("a power") == "2.1 × 10⁷"


def test_asking_for_what_was_not_glued_names_it():
    with pytest.raises(KeyError, match="'nothing of the kind'"):
        notebook.glued("nothing of the kind")


def test_everything_said_of_an_experiment_is_glued_under_its_name():
    recorded = notebook.glue_experiment("gradient_flow")
    assert recorded is recording.load("gradient_flow")
    for name, number in experiments.get("gradient_flow").numbers(recorded).items():
        assert notebook.glued(name) == notebook.as_power(number.value)
    notebook.glue_experiment("cliff")
    assert notebook.glued("starts") == "48"
    share = experiments.get("cliff").numbers(recording.load("cliff"))["thrown-share"].value
    assert notebook.glued("thrown-share", ".3f") == f"{share:.3f}"


def test_an_unknown_experiment_is_refused():
    with pytest.raises(ValueError, match="Received: 'clif'"):
        notebook.glue_experiment("clif")


@pytest.mark.parametrize("value", [1, 1.5, 2])
def test_a_number_is_glued_where_the_words_around_it_are_true(value):
    notebook.glue("inside", value, within=(1, 2))
    assert notebook.glued("inside") == str(value)


@pytest.mark.parametrize("value", [0.99, 2.01, math.nan])
def test_a_number_that_would_make_its_sentence_wrong_is_refused_and_not_kept(value):
    notebook.glue("outside", 1.0, within=(1, 2))
    with pytest.raises(ValueError, match=r"`outside` must lie within \(1, 2\).* Received: "):
        notebook.glue("outside", value, within=(1, 2))
    assert notebook.glued("outside") == "1.0"
