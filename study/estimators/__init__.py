"""The study's networks as scikit-learn estimators."""

from study.estimators.classifiers import MLPClassifier, TransformerClassifier
from study.estimators.regressors import MLPRegressor, TransformerRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TransformerClassifier", "TransformerRegressor"]
