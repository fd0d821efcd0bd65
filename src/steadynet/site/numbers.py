"""Numbers in the text: a notebook evaluates them, a page has them glued in when it is built."""

import re

# JupyterLab evaluates this role in the kernel; a page without one gets the number that was glued.
EVALUATED = re.compile(r'\{eval\}`glued\("(?P<name>[^"]+)"(?:, "(?P<form>[^"]*)")?\)`')


def setup(app):
    """Rewrite a chapter's text as it is read."""
    app.connect("source-read", glue_in)


def glue_in(app, docname, source):
    """Turn ``{eval}`glued("name", ".1f")``` into MyST-NB's ``{glue:text}`name:.1f```."""
    source[0] = EVALUATED.sub(_glued, source[0])


def _glued(match):
    """The role of MyST-NB that says the same."""
    form = match["form"]
    return "{glue:text}`" + match["name"] + (f":{form}" if form else "") + "`"
