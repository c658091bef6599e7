"""Regression on principal components. How many of them are worth keeping is found by the package kneed."""

import os
import pickle

import numpy as np
import pandas as pd
from kneed import KneeLocator
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import HuberRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def number_of_components(features, max_components, sensitivity):
    """Return the number of components after which the explained variance hardly grows any more."""
    most = min(max_components, *features.shape)
    explained = np.cumsum(PCA(n_components=most, svd_solver="full").fit(features).explained_variance_ratio_)
    if most < 3:
        return most  # too few points for a knee
    curve = KneeLocator(range(1, most + 1), explained, S=sensitivity, curve="concave", direction="increasing")
    return int(curve.knee) if curve.knee else most


def fit(X, y, output_dir, parameters=None, **kwargs):
    # parameters holds every hyperparameter of model-metadata.yaml: as chosen by the user, else its default.
    scaling = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    components = number_of_components(scaling.fit_transform(X), parameters["max_components"], parameters["sensitivity"])
    print("Keeping {} principal components of {} features".format(components, X.shape[1]))
    if parameters["loss"] == "robust":
        regressor = HuberRegressor(alpha=parameters["alpha"], max_iter=1000)
    else:
        regressor = Ridge(alpha=parameters["alpha"])
    model = make_pipeline(scaling, PCA(n_components=components, svd_solver="full"), regressor)
    model.fit(X, y)
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model.predict(data)}, index=data.index)
