import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def fit(X, y, output_dir, **kwargs):
    model = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression())
    model.fit(X, y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    labels = ["class_0", "class_1"]
    return pd.DataFrame(model.predict_proba(data), columns=labels, index=data.index)
