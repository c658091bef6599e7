"""Builds the pipeline; custom.py imports it by its plain name."""

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder


def to_text(X):
    # The pickled pipeline refers to this function, so this module is needed for loading it, too.
    return X.astype(object).where(X.notna(), "missing").astype(str)


def make_classifier_pipeline(X):
    numeric_features = list(X.select_dtypes(include="number").columns)
    categorical_features = [column for column in X.columns if column not in numeric_features]
    categorical_transformer = Pipeline(
        steps=[
            ("text", FunctionTransformer(to_text)),
            ("codes", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ]
    )
    preprocessor = ColumnTransformer(
        transformers=[
            ("num", SimpleImputer(strategy="median", keep_empty_features=True), numeric_features),
            ("cat", categorical_transformer, categorical_features),
        ]
    )
    return Pipeline(
        steps=[
            ("preprocessor", preprocessor),
            ("classifier", ExtraTreesClassifier(n_estimators=30, min_samples_leaf=2, random_state=42)),
        ]
    )
