"""A new task folder: which files it has, with which text (`planning`), and how they are written (`writing`)."""
