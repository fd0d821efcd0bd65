"""What is built once for widgets and pages: the view's bundles, and programs that pages train."""
