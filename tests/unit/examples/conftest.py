"""As in tests/unit/training_code: the whole of xgboost first, for other tests of this process."""

import xgboost  # noqa: F401
