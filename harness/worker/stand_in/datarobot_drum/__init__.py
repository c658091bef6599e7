"""A stand-in for the part of the platform's runner that tasks import.

It lies on the module path only where the environment has no datarobot-drum. It offers the same names with the same
documented behaviour and nothing else of the runner.
"""
