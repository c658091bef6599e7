"""Turn free text into TF-IDF columns, leaving out the words listed in stop_words.txt."""

import os
import pickle

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

STOP_WORDS = []


def init(code_dir):
    """Called once, before any other hook: the place to read files that were uploaded with the task."""
    with open(os.path.join(code_dir, "stop_words.txt"), encoding="utf-8") as file:
        STOP_WORDS.extend(line.strip() for line in file if line.strip())


def as_text(column):
    return column.astype(object).where(column.notna(), "").astype(str)


def fit(X, y, output_dir, **kwargs):
    vectorizers = {}
    for name in X.columns:
        vectorizer = TfidfVectorizer(stop_words=list(STOP_WORDS), max_features=100, sublinear_tf=True)
        try:
            vectorizers[name] = vectorizer.fit(as_text(X[name]))
        except ValueError:
            # Nothing but stop words and empty texts: there is nothing to learn from this column.
            print("No words in column {!r}; it is left out.".format(name))
    if not vectorizers:
        raise ValueError("None of the columns holds words: {}".format(", ".join(map(str, X.columns))))
    with open(os.path.join(output_dir, "vectorizers.pkl"), "wb") as file:
        pickle.dump(vectorizers, file)


def load_model(code_dir):
    with open(os.path.join(code_dir, "vectorizers.pkl"), "rb") as file:
        return pickle.load(file)


def transform(X, vectorizers):
    blocks = []
    for name, vectorizer in vectorizers.items():
        words = ["{}: {}".format(name, word) for word in vectorizer.get_feature_names_out()]
        values = vectorizer.transform(as_text(X[name])).toarray()
        blocks.append(pd.DataFrame(values, columns=words, index=X.index))
    return pd.concat(blocks, axis=1)
