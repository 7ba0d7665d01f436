from cli.gate_reasons import ordered_checks, unmet


def check(name: str, outcome: str, **more: str) -> dict[str, str]:
    return {"name": name, "outcome": outcome, "reason": f"{name}.", **more}


DECISION = {
    "checks": [
        check("passed", "pass", on_failure="fail"),
        check("left out", "skipped", on_failure="needs-human"),
        check("strange", "fail", on_failure="needs-human"),
        check("too low", "fail", on_failure="fail"),
    ]
}


def test_what_fails_comes_first_then_what_a_person_decides() -> None:
    assert [one["name"] for one in ordered_checks(DECISION)] == ["too low", "strange", "left out", "passed"]
    assert unmet(DECISION) == ["fail: too low.", "needs-human: strange."]


def test_a_failed_check_of_an_older_decision_fails() -> None:
    assert unmet({"checks": [check("too low", "fail")]}) == ["fail: too low."]


def test_a_decision_without_checks_has_no_reasons() -> None:
    assert unmet({}) == []
