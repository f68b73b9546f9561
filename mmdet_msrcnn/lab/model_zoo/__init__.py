"""Publishing checkpoints: files, metafiles of mim, model cards, the page."""
