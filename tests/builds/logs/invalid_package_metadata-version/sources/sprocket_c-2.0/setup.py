from setuptools import setup

setup(name="sprocket-c", version="2.0-unknown")
