from pathlib import Path

from setuptools import setup

setup(name="sprocket-c", version="2.0", install_requires=Path("requirements.txt").read_text().splitlines())
