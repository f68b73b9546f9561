"""Publishing models: files, metafiles for mim, model cards, the page."""
