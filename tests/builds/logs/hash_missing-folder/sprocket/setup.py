from setuptools import setup
setup(name='sprocket', version='1.0')
