"""Split dates into numbers that a model can use."""

import os
import pickle

import numpy as np
import pandas as pd


def as_dates(column):
    # Whatever is not a date (an empty text, a typing error) counts as missing.
    # "mixed": each value is read by itself, so that the answer for a row does not depend on the row above it.
    return pd.to_datetime(column, errors="coerce", format="mixed")


def fit(X, y, output_dir, **kwargs):
    # The middle of the training dates stands in for a missing one.
    middles = {}
    for name in X.columns:
        dates = as_dates(X[name]).dropna().sort_values()
        middles[name] = dates.iloc[len(dates) // 2] if len(dates) else pd.Timestamp("2000-01-01")
    with open(os.path.join(output_dir, "middles.pkl"), "wb") as file:
        pickle.dump(middles, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "middles.pkl"), "rb") as file:
        return pickle.load(file)


def transform(X, middles):
    parts = {}
    for name, middle in middles.items():
        dates = as_dates(X[name])
        parts["{} was missing".format(name)] = dates.isna().astype(int)
        dates = dates.fillna(middle)
        parts["{} year".format(name)] = dates.dt.year
        parts["{} day of week".format(name)] = dates.dt.dayofweek
        # 31 December and 1 January are neighbours: put the day of the year on a circle.
        angle = 2 * np.pi * dates.dt.dayofyear / 366
        parts["{} season (sin)".format(name)] = np.sin(angle)
        parts["{} season (cos)".format(name)] = np.cos(angle)
    return pd.DataFrame(parts, index=X.index)
