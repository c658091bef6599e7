"""The worker: a small fork server, and one fresh process for every stage of a run."""
