"""How far does a row lie from the middle of the training data? Written as functions."""

import os
import pickle

import pandas as pd
from sklearn.covariance import EmpiricalCovariance
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def fit(X, y, output_dir, **kwargs):
    # There is no target: y is None.
    scaling = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    covariance = EmpiricalCovariance().fit(scaling.fit_transform(X))
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump({"scaling": scaling, "covariance": covariance}, file)


def load_model(code_dir):
    # What fit left in output_dir lies in code_dir now, beside the files of the task.
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    # The squared Mahalanobis distance, brought between 0 and 1: high for unusual rows. It is judged by the training
    # data alone, never by the other rows at hand.
    distances = model["covariance"].mahalanobis(model["scaling"].transform(data))
    return pd.DataFrame({"Predictions": distances / (distances + data.shape[1])}, index=data.index)
