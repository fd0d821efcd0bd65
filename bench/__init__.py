"""The figures that the README quotes: one module a question, each answered side by side in one run.

``python -m bench`` prints them all as Markdown; ``python -m bench loop pages`` prints some.
"""
