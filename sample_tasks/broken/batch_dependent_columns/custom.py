import os
import pickle

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    with open(os.path.join(output_dir, "columns.pkl"), "wb") as file:
        pickle.dump(X.columns.tolist(), file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "columns.pkl"), "rb") as file:
        return pickle.load(file)


def transform(X, columns):
    return pd.get_dummies(X[columns].astype(str), dtype=int)
