"""Ridge regression on scaled numbers, written as functions."""

import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def fit(X, y, output_dir, row_weights=None, **kwargs):
    # Medians, means and spreads are part of the model: learnt here, and only applied when rows are scored.
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        Ridge(),
    )
    model.fit(X, y, ridge__sample_weight=row_weights)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def load_model(code_dir):
    # What fit left in output_dir lies in code_dir now, beside the files of the task.
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    # One column, which has to be called Predictions, and one row for each row of data.
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
