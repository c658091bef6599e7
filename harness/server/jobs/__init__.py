"""What goes on after an answer was given: a queue in the database, and what each kind of job does."""
