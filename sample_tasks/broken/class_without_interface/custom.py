import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


class CustomTask:
    def fit(self, X, y, **kwargs):
        self.model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)

    def predict(self, X, **kwargs):
        return pd.DataFrame({"Predictions": self.model.predict(X)}, index=X.index)
