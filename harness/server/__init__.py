"""The platform's Custom Tasks REST API, served from this machine: its builds and trainings are ours, and real."""
