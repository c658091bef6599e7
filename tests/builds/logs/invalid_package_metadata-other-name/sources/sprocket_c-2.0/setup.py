from setuptools import setup

setup(name="gearwheel", version="2.0")
