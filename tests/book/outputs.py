"""Notebooks that were run, as the extension meets them."""

import json

import nbformat.v4 as nb

from steadynet.site.explorers import EXPLORER, WIDGET_STATE, WIDGET_VIEW


def executed(*outputs):
    """A notebook that was run, as text; a widget's state stands in its metadata."""
    cells = [nb.new_code_cell("show()", outputs=[output], execution_count=1) for output in outputs]
    state = {WIDGET_STATE: {"state": {"1": {"state": {"_esm": "export default 1"}}}}}
    book = nb.new_notebook(cells=[nb.new_markdown_cell("# Title"), *cells])
    book.metadata = {"widgets": state, "language_info": {"name": "python"}}
    return json.dumps(book)


def explorer(title="Clip"):
    """Output of a cell that shows an explorer."""
    content = {
        "state": {"title": title, "text": "</script>"},
        "fallback": f"<svg xmlns='http://www.w3.org/2000/svg'><title>{title}</title></svg>",
        "alt": 'Loss falls "fast"',
        "summary": "At 0.01, 5 of 5 seeds succeed.",
    }
    data = {EXPLORER: content, WIDGET_VIEW: {"model_id": "1"}, "text/plain": "Explorer()"}
    return nb.new_output("execute_result", data, execution_count=1)
