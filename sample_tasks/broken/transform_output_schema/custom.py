import os
import pickle

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    with open(os.path.join(output_dir, "medians.pkl"), "wb") as file:
        pickle.dump(X.median(), file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "medians.pkl"), "rb") as file:
        return pickle.load(file)


def transform(X, medians):
    first = X.columns[0]
    above = X[first] > medians[first]
    return X.fillna(medians).assign(level=above.map({True: "high", False: "low"}))
