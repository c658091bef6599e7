import json
import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, **kwargs):
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)
    path = os.path.join(output_dir, "regression.bin")
    with open(path, "wb") as file:
        pickle.dump(model, file)
    with open(os.path.join(output_dir, "settings.json"), "w", encoding="utf-8") as file:
        json.dump({"model": path}, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "settings.json"), encoding="utf-8") as file:
        settings = json.load(file)
    with open(settings["model"], "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
