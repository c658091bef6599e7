import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, **kwargs):
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)
    model = {"regression": model, "margin": float((y - model.predict(X)).std())}
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    predictions = model["regression"].predict(data)
    return pd.DataFrame({"Predictions": predictions, "Margin": model["margin"]}, index=data.index)
