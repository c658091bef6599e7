from setuptools import Extension, setup
setup(name='sprocket', version='1.0', ext_modules=[Extension('sprocket', ['sprocket.cpp'])])
