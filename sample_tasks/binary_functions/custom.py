"""Logistic regression on numbers and categories, written as functions."""

import os

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def as_numbers(X):
    """Whatever is not a number counts as missing."""
    return X.apply(pd.to_numeric, errors="coerce")


def as_categories(X):
    """Turn every value into text; a missing value is a category of its own."""
    return X.astype(object).where(X.notna(), "(missing)").astype(str)


def fit(X, y, output_dir, row_weights=None, **kwargs):
    # Chosen by name, once and here: at scoring time a column may look different (all missing, say).
    numbers = X.select_dtypes(["number", "bool"]).columns.tolist()
    categories = [column for column in X.columns if column not in numbers]
    preprocessing = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    FunctionTransformer(as_numbers),
                    SimpleImputer(strategy="median", keep_empty_features=True),
                    StandardScaler(),
                ),
                numbers,
            ),
            (
                "categories",
                make_pipeline(
                    FunctionTransformer(as_categories),
                    OneHotEncoder(handle_unknown="ignore", max_categories=30),
                ),
                categories,
            ),
        ]
    )
    model = make_pipeline(preprocessing, LogisticRegression(max_iter=1000))
    model.fit(X, y, logisticregression__sample_weight=row_weights)
    joblib.dump(model, os.path.join(output_dir, "model.joblib"))


def load_model(code_dir):
    # Needed because the platform finds an artifact by itself only when it ends in .pkl, .pth, .h5 or .onnx.
    return joblib.load(os.path.join(code_dir, "model.joblib"))


def score(data, model, **kwargs):
    # One column a class, named like the class. classes_ has the order of the probabilities: never write
    # the labels by hand, or the two columns can end up swapped.
    labels = [str(label) for label in model.classes_]
    return pd.DataFrame(model.predict_proba(data), columns=labels, index=data.index)
