import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def without_outliers(X, limit):
    return X[X.mean(axis=1) <= limit]


def fit(X, y, output_dir, **kwargs):
    limit = X.mean(axis=1).quantile(0.9)
    rows = without_outliers(X, limit)
    regression = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression())
    model = {"regression": regression.fit(rows, y[rows.index]), "limit": limit}
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    rows = without_outliers(data, model["limit"])
    return pd.DataFrame({"Predictions": model["regression"].predict(rows)}, index=rows.index)
