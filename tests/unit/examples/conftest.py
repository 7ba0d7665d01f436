"""As in tests/unit/training_code: scikit-learn first, so that xgboost is imported whole."""

import sklearn  # noqa: F401
