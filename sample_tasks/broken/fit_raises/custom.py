import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, parameters, **kwargs):
    model = make_pipeline(SimpleImputer(keep_empty_features=True), Ridge(alpha=parameters["alpha"])).fit(X, y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
