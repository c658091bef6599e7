"""Naive Bayes for several classes, written as functions."""

import os
import pickle

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline


def fit(X, y, output_dir, class_order=None, row_weights=None, **kwargs):
    model = make_pipeline(SimpleImputer(strategy="mean", keep_empty_features=True), GaussianNB())
    model.fit(X, y, gaussiannb__sample_weight=row_weights)
    # class_order holds the labels of all classes as text, also of those that have no row in this sample.
    with open(os.path.join(output_dir, "model.pkl"), "wb") as file:
        pickle.dump({"pipeline": model, "class_order": list(class_order)}, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "model.pkl"), "rb") as file:
        return pickle.load(file)


def score(data, model, **kwargs):
    pipeline = model["pipeline"]
    labels = [str(label) for label in pipeline.classes_]
    probabilities = pd.DataFrame(pipeline.predict_proba(data), columns=labels, index=data.index)
    # A class that was never seen in training gets the probability 0.
    probabilities = probabilities.reindex(columns=model["class_order"], fill_value=0.0)
    # Each row sums to 1.
    return probabilities.div(probabilities.sum(axis=1), axis=0)
