"""Work-arounds for other packages, one file each.

Each file names the issue or source, and when the file can be removed.
"""
