"""One-hot encode categories into sparse columns."""

import os
import pickle

import pandas as pd
from sklearn.preprocessing import OneHotEncoder


def as_categories(X):
    """Turn every value into text; a missing value is a category of its own."""
    return X.astype(object).where(X.notna(), "(missing)").astype(str)


def fit(X, y, output_dir, **kwargs):
    # A category that was not there in training becomes a row of zeros instead of an error.
    encoder = OneHotEncoder(handle_unknown="ignore", max_categories=50)
    encoder.fit(as_categories(X))
    with open(os.path.join(output_dir, "encoder.pkl"), "wb") as file:
        pickle.dump(encoder, file)


def load_model(code_dir):
    # What fit left in output_dir lies in code_dir now, beside the files of the task.
    with open(os.path.join(code_dir, "encoder.pkl"), "rb") as file:
        return pickle.load(file)


def transform(X, encoder):
    # With many categories almost every value is 0. The encoder returns a scipy sparse matrix, in which zeros
    # take no memory; as a DataFrame of sparse columns it stays so, and the columns have names.
    encoded = encoder.transform(as_categories(X))
    return pd.DataFrame.sparse.from_spmatrix(encoded, index=X.index, columns=encoder.get_feature_names_out())
