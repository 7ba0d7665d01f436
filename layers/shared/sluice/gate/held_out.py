"""Does the test split show anything at all?"""

from sluice.gate.check import Check
from sluice.gate.evaluation import Evaluation


def check_test_set(evaluation: Evaluation, minimum: int) -> Check:
    rows, positives = evaluation.test_rows, evaluation.positive_rows
    one_class = _one_class(evaluation)
    if one_class is not None:
        return Check("test_set", "fail", rows, minimum, f"The test split holds {one_class}: nothing is shown.")
    if rows < minimum:
        return Check("test_set", "fail", rows, minimum, f"The test split has {rows:,} rows; {minimum:,} are needed.")
    of_them = "" if positives is None else f", {positives:,} of them positive"
    return Check("test_set", "pass", rows, minimum, f"The test split has {rows:,} rows{of_them}.")


def _one_class(evaluation: Evaluation) -> str | None:
    positives = evaluation.positive_rows
    if positives == 0:
        return "no positive rows"
    if positives is not None and positives >= evaluation.test_rows:
        return "positive rows only"
    if evaluation.tested_classes is not None and evaluation.tested_classes < 2:
        return "rows of one class only" if evaluation.tested_classes else "no row"
    return None
