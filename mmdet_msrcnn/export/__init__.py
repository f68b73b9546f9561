"""Parts of a trained model in formats of other runtimes."""
