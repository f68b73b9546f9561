"""Export of parts of a trained model to other runtimes."""
