"""The median rule: a job is judged by the running averages of those that completed before it."""

from localcloud.sagemaker.tuning.early_stopping import MedianRule


def rule(*completed, maximize=True):
    made = MedianRule(maximize)
    for number, values in enumerate(completed):
        for value in values:
            made.is_worse(number, value)
        made.end(number, completed=True)
    return made


def test_the_median_of_running_averages_decides():
    # After two values each: averages 0.55, 0.65, 0.75.
    made = rule([0.5, 0.6], [0.6, 0.7], [0.7, 0.8])
    assert not made.is_worse(9, 0.60)
    assert made.is_worse(9, 0.64)
    other = rule([0.5, 0.6], [0.6, 0.7], [0.7, 0.8])
    assert other.is_worse(9, 0.59)
    assert not other.is_worse(9, 0.65)


def test_less_is_better_where_the_objective_is_minimized():
    made = rule([0.5], [0.6], [0.7], maximize=False)
    assert made.is_worse(9, 0.61)
    assert not made.is_worse(8, 0.6)


def test_nothing_is_judged_before_three_jobs_have_completed():
    assert not rule([0.9], [0.9]).is_worse(9, 0.0)
    assert rule([0.9], [0.9], [0.9]).is_worse(9, 0.0)


def test_a_shorter_job_counts_with_all_it_emitted():
    made = rule([0.6], [0.6], [0.6])
    assert not made.is_worse(9, 0.7)
    assert made.is_worse(9, 0.5)


def test_a_job_that_did_not_complete_is_no_measure():
    made = rule([0.5], [0.5])
    made.is_worse(2, 0.9)
    made.end(2, completed=False)
    assert not made.is_worse(9, 0.1)
    made.end(3, completed=True)
    assert not made.is_worse(9, 0.1)
