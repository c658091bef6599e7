import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SCALER = None


def fit(X, y, output_dir, **kwargs):
    global SCALER
    SCALER = StandardScaler().fit(X)
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression())
    model.fit(SCALER.transform(X), y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(SCALER.transform(data))}, index=data.index)
