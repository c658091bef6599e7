import os
import pickle

import pandas as pd
from kneed import KneeLocator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, **kwargs):
    # How many columns carry most of the variance?
    spread = X.var().sort_values(ascending=False).cumsum().to_numpy()
    knee = KneeLocator(range(len(spread)), spread, curve="concave", direction="increasing").knee
    print("Knee of the variance: column", knee)
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
