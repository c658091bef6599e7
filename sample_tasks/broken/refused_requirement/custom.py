import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, **kwargs):
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
