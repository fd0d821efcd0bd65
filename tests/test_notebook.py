"""A chapter's first line sets the style and keeps TensorFlow's log lines off the page."""

import importlib
import subprocess
import sys

import matplotlib as mpl
import pytest

from steadynet import notebook
from steadynet.experiments import Claim


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


def test_a_claim_is_glued_with_its_spread():
    notebook.glue_claim("gain", Claim("It gains.", 2.0, 1.0, 3.5, "points", holds=True))
    assert [notebook.glued(f"gain-{p}", ".1f") for p in ("effect", "low", "high")] == [
        "2.0",
        "1.0",
        "3.5",
    ]
