"""A classifier that ranks well but has no probabilities, and a calibration on top that gives them."""

import os
import pickle

import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def fit(X, y, output_dir, **kwargs):
    # A linear support vector machine only gives a distance from the boundary ...
    ranking = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LinearSVC(random_state=0),
    )
    # ... and the calibration learns, on rows that the machine was not trained on, how a distance becomes a
    # probability. Each fold needs a row of either class.
    folds = max(2, min(5, y.value_counts().min()))
    splits = StratifiedKFold(n_splits=folds, shuffle=True, random_state=0)
    model = CalibratedClassifierCV(ranking, method="sigmoid", cv=splits)
    model.fit(X, y)
    with open(os.path.join(output_dir, "calibrated.pkl"), "wb") as file:
        pickle.dump(model, file)


def score(data, model, positive_class_label, negative_class_label, **kwargs):
    # The labels can be taken by name: they arrive as text, whatever their type is in the data.
    labels = [str(label) for label in model.classes_]
    probabilities = pd.DataFrame(model.predict_proba(data), columns=labels, index=data.index)
    return probabilities[[positive_class_label, negative_class_label]]
