"""Work-arounds of other packages, one file each.

Each names the thread or source and when it can go.
"""
