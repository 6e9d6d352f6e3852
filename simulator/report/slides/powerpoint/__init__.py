"""A deck as a PowerPoint file: the only place that knows python-pptx."""
