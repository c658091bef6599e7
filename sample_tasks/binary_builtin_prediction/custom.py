"""Fit and pickle a scikit-learn pipeline; the platform knows by itself how to predict with it."""

import os
import pickle

from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, row_weights=None, **kwargs):
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=True),
        RandomForestClassifier(n_estimators=50, min_samples_leaf=3, random_state=0),
    )
    model.fit(X, y, randomforestclassifier__sample_weight=row_weights)
    # Exactly one file ending in .pkl at the top of output_dir: that is the model.
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)
