"""CompareVariants on moto's S3, with CloudWatch's metrics in memory."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.s3.models import s3_backends

from functions.compare_variants import evidence
from functions.compare_variants.compare_variants import MOST_OF_A_REASON, CompareVariants
from functions.compare_variants.request import CompareRequest
from sluice.aws.objects import ObjectMissingError
from sluice.aws.variant_metrics import VariantMetrics
from sluice.definition.deployment import AbTest, Shadow
from sluice.plan import definition_document
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.cloudwatch_metrics import FakeMetrics
from tests.unit.functions.conftest import ACCOUNT, BUCKET, StageUnderTest

DEFINITION = "models/churn/runs/1/definition/definition.json"
ENDPOINT = "sluice-dev-churn--real-time"
CONFIG = "sluice-dev-churn-v7-1a2b3c"
START = datetime(2026, 11, 20, 20, 33, tzinfo=UTC)
END = START + timedelta(hours=2)


@dataclass
class Trial:
    stage: StageUnderTest
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    seconds_left: Callable[[], float] = lambda: 900.0
    now: datetime = END

    def define(self, **changes: Any) -> None:
        self.stage.put(DEFINITION, definition_document(definition(**changes)))

    def capture(self, variant: str, scores: dict[str, Any], at: datetime = START, **about: Any) -> None:
        """A file of requests of one row each: scores by event id, written as the endpoint's CSV."""
        lines = [
            json.dumps(
                {
                    "captureData": {
                        "endpointInput": {"data": "1,basic\n", "encoding": "CSV"},
                        "endpointOutput": {"observedContentType": "text/csv", "data": f"{score}\n", "encoding": "CSV"},
                    },
                    "eventMetadata": {"eventId": event, **about},
                    "eventVersion": "0",
                }
            )
            for event, score in scores.items()
        ]
        self._put(f"captures/churn/{ENDPOINT}/{variant}/", at, lines)

    def tell(self, labels: dict[str, str], at: datetime = START) -> None:
        lines = [
            json.dumps({"groundTruthData": {"data": label, "encoding": "CSV"}, "eventMetadata": {"eventId": event}})
            for event, label in labels.items()
        ]
        self._put("models/churn/ground-truth/", at, lines)

    def tell_as(self, name: str, body: str | bytes, at: datetime = START) -> None:
        """A file of ground truth, as a person sends it."""
        self.stage.put(f"models/churn/ground-truth/{at:%Y/%m/%d/%H}/{name}", body)

    def serve_a_worse_model(self) -> dict[str, str]:
        """v7 answers hardly better than chance. What really happened, by event id."""
        self.ask()
        good, labels = scored(600, 0.8)
        bad, more = scored(600, 0.05, first=600)
        self.capture("v6", good)
        self.capture("v7", bad, at=START + timedelta(hours=1))
        return labels | more

    def _put(self, prefix: str, at: datetime, lines: list[str]) -> None:
        key = f"{prefix}{at:%Y/%m/%d/%H/%M-%S}-{len(self.stage.keys(prefix))}.jsonl"
        self.stage.put(key, "\n".join([*lines, ""]))

    def ask(self, count: int = 1000, **variants: Any) -> None:
        for variant in ("v6", "v7"):
            self.metrics.requests(ENDPOINT, variant, START, count, **variants.get(variant, {}))

    def compare(self, kind: str = "ab-test", **changes: Any) -> dict[str, Any]:
        client: Any = self.metrics
        function = CompareVariants(
            self.stage.objects, VariantMetrics(client), lambda: self.now, lambda: self.seconds_left()
        )
        document = {
            **load_event("compare_variants"),
            "kind": kind,
            "definition_uri": f"s3://{BUCKET}/{DEFINITION}",
            "started_at": START.isoformat(),
            **changes,
        }
        return function.handle(CompareRequest.model_validate(document))

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self.stage.objects.read_json(f"s3://{BUCKET}/models/churn/trials/{CONFIG}.json")
        return found


@pytest.fixture
def trial(stage: StageUnderTest) -> Trial:
    made = Trial(stage)
    made.define()
    return made


def scored(count: int, sharp: float, first: int = 0) -> tuple[dict[str, float], dict[str, str]]:
    """Requests, every second of which is a yes, and scores that know it the better the sharper they are."""
    events = {f"e-{number}": number for number in range(first, first + count)}
    scores = {
        event: round(0.5 + (sharp if number % 2 else -sharp) / 2 + ((number * 7919) % 97 - 48) / 200, 4)
        for event, number in events.items()
    }
    return scores, {event: "yes" if number % 2 else "no" for event, number in events.items()}


def test_a_good_challenger_is_promoted_and_the_report_says_why(trial: Trial) -> None:
    trial.ask(v6={"errors": 3}, v7={"errors": 2, "microseconds": 6000})

    answer = trial.compare()

    assert answer["decision"] == "promote"
    assert answer["report_uri"] == f"s3://{BUCKET}/models/churn/trials/{CONFIG}.json"
    report = trial.report()
    assert (report["decision"], report["reason"], report["config_name"]) == ("promote", answer["reason"], CONFIG)
    assert report["challenger"]["traffic"] == {"requests": 1000, "errors": 2, "median_ms": 6.0, "p99_ms": 6.0}
    assert report["champion"]["version"] == 6
    assert [check["name"] for check in report["checks"]] == ["requests", "errors", "latency", "quality"]


def test_what_served_before_the_trial_does_not_count(trial: Trial) -> None:
    trial.ask(count=50)
    trial.metrics.requests(ENDPOINT, "v7", START - timedelta(hours=1), 5000)

    assert trial.compare()["decision"] == "keep"


def test_a_worse_model_is_taken_back_where_the_truth_arrived(trial: Trial) -> None:
    trial.tell(trial.serve_a_worse_model(), at=END)

    answer = trial.compare()

    assert answer["decision"] == "roll-back"
    assert "shown to be below -0.005" in answer["reason"]
    report = trial.report()
    assert (report["champion"]["labels"], report["challenger"]["labels"]) == (600, 600)
    assert report["champion"]["quality"]["auc"]["value"] > 0.9
    assert report["read"] | {"bytes_read": 0} == {
        "bytes_read": 0,
        "captures": 1200,
        "labels": 1200,
        "unmatched_labels": 0,
        "unreadable": 0,
        "unusable_labels": 0,
        "unusable_label": None,
        "cut_off": None,
    }


def test_a_request_that_was_captured_twice_counts_once(trial: Trial) -> None:
    trial.ask()
    scores, labels = scored(10, 0.8)
    for _ in range(2):
        trial.capture("v6", scores)
    trial.tell(labels)
    trial.compare()

    assert trial.report()["champion"]["labels"] == 10


def test_labels_are_joined_on_the_callers_own_id_first(trial: Trial) -> None:
    trial.ask()
    trial.capture("v6", {"e-1": 0.9}, inferenceId="mine")
    trial.capture("v7", {"e-2": 0.9}, inferenceId="yours")
    trial.tell({"mine": "yes", "e-2": "no", "nobodys": "yes"})
    trial.compare()

    report = trial.report()
    assert (report["champion"]["labels"], report["challenger"]["labels"]) == (1, 1)


def test_what_cannot_be_read_is_counted_and_told(trial: Trial) -> None:
    trial.ask()
    trial.capture("v6", {"e-1": "what", "e-2": 0.5})
    trial.tell({"e-1": "yes", "e-2": "yes\nno"})
    trial.tell_as("broken.jsonl", '\n{"no": 1}\n\n')
    trial.stage.put(f"captures/churn/{ENDPOINT}/v6/{START:%Y/%m/%d/%H}/broken.jsonl", "half a line")

    answer = trial.compare()

    assert answer["reason"].endswith(
        "To be corrected before the next trial: 3 lines of ground truth, the first is "
        "ground-truth/2026/11/20/20/broken.jsonl, line 2: it lacks groundTruthData. 1 captured lines could not be read."
    )
    read = trial.report()["read"]
    assert (read["unreadable"], read["unusable_labels"]) == (1, 3), "and no score for a label, two labels for one row"
    assert read["unusable_label"]["line"] == 2


def packed(text: str) -> bytes:
    """The same bytes each time: a test's name is made of them."""
    return gzip.compress(text.encode(), mtime=0)


def as_csv(labels: dict[str, str], header: str = "inference_id,label") -> str:
    return "\n".join([header, *(f"{event},{label}" for event, label in labels.items()), ""])


def as_json_lines(labels: dict[str, str]) -> str:
    return "\n".join(
        json.dumps({"groundTruthData": {"data": label}, "eventMetadata": {"eventId": event}})
        for event, label in labels.items()
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("labels.csv", as_csv),
        ("LABELS.CSV", as_csv),
        ("labels.csv", lambda labels: as_csv(labels, "event_id,churned")),
        ("labels.csv", lambda labels: "\ufeff" + as_csv(labels).replace("\n", "\r\n")),
        ("labels.csv.gz", lambda labels: packed(as_csv(labels))),
        ("labels.jsonl.gz", lambda labels: packed(as_json_lines(labels))),
        ("labels", as_json_lines),
    ],
)
def test_labels_are_read_in_every_form_that_monitoring_reads(
    trial: Trial, name: str, written: Callable[[dict[str, str]], str | bytes]
) -> None:
    labels = trial.serve_a_worse_model()
    trial.tell_as(name, written(labels), at=END)

    assert trial.compare()["decision"] == "roll-back"

    report = trial.report()
    assert (report["champion"]["labels"], report["challenger"]["labels"]) == (600, 600)
    assert report["read"]["unusable_labels"] == 0


@pytest.mark.parametrize(
    ("name", "body", "line", "reason"),
    [
        ("a.csv", "id,truth\ne-1,yes\n", 1, "the header needs the columns inference_id (or event_id) and label (or ch"),
        ("a.csv", "", 1, "the header needs the columns"),
        ("a.csv", "event_id,label\n\ne-1\n", 3, "it has 1 cells"),
        ("a.csv", "event_id,label\n".encode("utf-16"), 1, "the file is not UTF-8"),
        ("a.csv.gz", "event_id,label\n", 1, "the file is named .gz but is not gzip"),
        ("a.csv.gz", packed("event_id,label\ne-1,yes\n")[:-9], 2, "the gzip file is cut off"),
        ("a.jsonl.gz", packed("\n")[:-1], 2, "the gzip file is cut off"),
        ("a.jsonl", "event_id,label\n", 1, "it is no label"),
        ("a.jsonl", as_json_lines({"e-1": "yes\nno"}), 1, "2 labels for 1 answers"),
    ],
)
def test_labels_that_cannot_be_used_promote_nothing_unjudged(
    trial: Trial, name: str, body: str | bytes, line: int, reason: str
) -> None:
    trial.serve_a_worse_model()
    trial.tell_as(name, body)

    answer = trial.compare()

    assert answer["decision"] == "keep"
    assert f"the first is ground-truth/2026/11/20/20/{name}, line {line}: {reason}" in answer["reason"]


def test_labels_of_other_requests_are_told_and_hold_up_nothing(trial: Trial) -> None:
    """Those of the days before a trial come late as a rule; a wrong column of ids looks the same."""
    labels = trial.serve_a_worse_model()
    trial.tell({f"other-{event}": label for event, label in labels.items()})

    answer = trial.compare()

    assert answer["decision"] == "promote"
    assert "Labels of 1,200 requests match no request that was captured in the trial." in answer["reason"]
    assert trial.report()["read"]["unmatched_labels"] == 1200


def test_of_two_labels_the_one_that_was_uploaded_later_counts(trial: Trial) -> None:
    """Whatever the files are called."""
    labels = trial.serve_a_worse_model()
    wrong = {event: "no" if label == "yes" else "yes" for event, label in labels.items()}
    for minute, (name, sent) in enumerate((("labels.csv", wrong), ("corrections.csv", labels))):
        trial.tell_as(name, as_csv(sent))
        stored = (
            s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys[f"models/churn/ground-truth/{START:%Y/%m/%d/%H}/{name}"]
        )
        stored.last_modified = START + timedelta(minutes=minute)

    assert trial.compare()["decision"] == "roll-back"


def test_some_unusable_lines_do_not_keep_the_others_from_deciding(trial: Trial) -> None:
    trial.tell(trial.serve_a_worse_model())
    trial.tell_as("a.csv", "id,truth\n")

    assert trial.compare()["decision"] == "roll-back"


def test_what_is_packed_counts_unpacked(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small it lies there: here 3 MiB of empty lines."""
    trial.serve_a_worse_model()
    trial.tell_as("a.csv.gz", packed("event_id,label\n" + "\n" * (3 << 20)))
    monkeypatch.setattr(evidence, "MOST_BYTES", 2 << 20)

    answer = trial.compare()

    assert (answer["decision"], "only the first 2,097,152 bytes were read" in answer["reason"]) == ("keep", True)
    assert trial.report()["read"]["bytes_read"] < 3 << 20


def test_captures_of_other_times_and_variants_are_left(trial: Trial) -> None:
    trial.ask()
    scores, labels = scored(10, 0.8)
    trial.capture("v6", scores, at=START - timedelta(hours=1))
    trial.capture("v6", {"e-1": 0.5}, at=START - timedelta(minutes=20))
    trial.capture("v60", scores)
    trial.capture("v7", scores, at=END + timedelta(hours=1))
    trial.tell(labels)
    trial.compare()

    report = trial.report()
    assert (report["champion"]["labels"], report["challenger"]["labels"]) == (1, 0), "its hour began before the trial"


def test_a_trial_over_midnight_reads_both_days(trial: Trial) -> None:
    trial.ask()
    trial.now = START + timedelta(hours=6)
    trial.capture("v6", {"e-1": 0.5})
    trial.capture("v6", {"e-2": 0.5}, at=START + timedelta(hours=5))
    trial.tell({"e-1": "yes", "e-2": "no"}, at=START + timedelta(hours=5))
    trial.compare()

    assert trial.report()["champion"]["labels"] == 2


def test_a_shadow_is_compared_answer_by_answer(trial: Trial) -> None:
    trial.ask()
    scores, _ = scored(200, 0.5)
    trial.capture("v6", scores)
    trial.capture("v7", {event: round(score + 0.01, 4) for event, score in scores.items()} | {"unpaired": 0.1})

    answer = trial.compare("shadow")

    assert answer["decision"] == "promote"
    agreement = trial.report()["agreement"]
    assert (agreement["pairs"], agreement["agreed"]) == (200, 200)
    assert agreement["largest_difference"] == pytest.approx(0.01)


def test_a_shadow_that_disagrees_is_taken_back(trial: Trial) -> None:
    trial.ask()
    scores, _ = scored(200, 0.5)
    trial.capture("v6", scores)
    trial.capture("v7", {event: 1 - score for event, score in scores.items()})

    answer = trial.compare("shadow")

    assert answer["decision"] == "roll-back"
    assert "v7 agreed with v6 on" in answer["reason"]


def test_a_shadow_without_captures_is_kept(trial: Trial) -> None:
    trial.ask()

    answer = trial.compare("shadow")

    assert (answer["decision"], "0 answers of both were captured" in answer["reason"]) == ("keep", True)


def test_it_stops_before_its_own_end_and_says_so(trial: Trial) -> None:
    trial.ask()
    scores, labels = scored(10, 0.8)
    trial.capture("v6", scores)
    trial.tell(labels)
    trial.seconds_left = lambda: evidence.RESERVED_SECONDS - 1

    answer = trial.compare()

    assert answer["decision"] == "keep", "what was not looked at promotes nothing"
    assert "Of the captures time ran out before all captures were read." in answer["reason"]
    assert trial.report()["champion"]["labels"] == 0


@pytest.mark.parametrize("kind", ["ab-test", "shadow"])
def test_what_is_held_and_read_is_bounded(trial: Trial, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    trial.ask()
    scores, labels = scored(10, 0.8)
    for variant in ("v6", "v7"):
        trial.capture(variant, scores)
    trial.tell(labels)
    monkeypatch.setattr(evidence, "MOST_ROWS", 4)
    assert "only the first 4 rows were looked at" in trial.compare(kind)["reason"]

    monkeypatch.setattr(evidence, "MOST_BYTES", 100)
    assert "only the first 100 bytes were read" in trial.compare(kind)["reason"]


def test_one_variants_captures_leave_room_for_the_others(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.ask()
    scores, labels = scored(10, 0.8)
    for variant in ("v6", "v7"):
        trial.capture(variant, scores)
    trial.tell(labels)
    monkeypatch.setattr(evidence, "MOST_BYTES", 1500)

    trial.compare()

    report = trial.report()
    assert 0 < report["champion"]["labels"] == report["challenger"]["labels"] < 10


def test_a_reason_fits_into_an_event(trial: Trial) -> None:
    trial.ask()

    answer = trial.compare(model="m" * 2 * MOST_OF_A_REASON, policy={"after": "ask"})

    assert len(answer["reason"]) == MOST_OF_A_REASON


def test_a_version_without_definition_cannot_be_judged(trial: Trial) -> None:
    with pytest.raises(ObjectMissingError):
        trial.compare(definition_uri=f"s3://{BUCKET}/models/churn/none.json")


REAL_TIME = {"mode": "real-time", "rollout": {"strategy": "ab-test", "minimum_invocations": 7}}


@pytest.mark.parametrize(
    ("deployment", "kind", "policy", "rules"),
    [
        (REAL_TIME, "ab-test", None, AbTest(strategy="ab-test", minimum_invocations=7)),
        (REAL_TIME, "ab-test", {"after": "ask"}, AbTest(strategy="ab-test", after="ask")),
        (REAL_TIME, "shadow", None, Shadow(strategy="shadow")),
        ({"mode": "serverless"}, "ab-test", None, AbTest(strategy="ab-test")),
        (
            {"mode": "serverless"},
            "shadow",
            {"strategy": "ab-test", "tolerance": 0.5},
            Shadow(strategy="shadow", tolerance=0.5),
        ),
    ],
)
def test_the_policy_that_was_asked_for_comes_first(
    deployment: dict[str, Any], kind: str, policy: dict[str, Any] | None, rules: AbTest | Shadow
) -> None:
    request = CompareRequest.model_validate({**load_event("compare_variants"), "kind": kind, "policy": policy})

    assert request.rules(definition(deployment=deployment)) == rules


@pytest.mark.parametrize(("days", "period"), [(0.5, 60), (7, 300), (140, 3600)])
def test_the_period_suits_what_cloudwatch_keeps(days: float, period: int) -> None:
    metrics: Any = FakeMetrics()
    VariantMetrics(metrics).traffic(ENDPOINT, "v7", START, START + timedelta(days=days))

    queries = metrics.asked[0]["MetricDataQueries"]
    assert {query["MetricStat"]["Period"] for query in queries} == {period}
    assert days * 86_400 / period * len(queries) < 100_800, "more points than GetMetricData gives"


def test_latency_is_weighted_by_requests() -> None:
    metrics = FakeMetrics()
    metrics.requests(ENDPOINT, "v7", START, 1, microseconds=900_000)
    metrics.requests(ENDPOINT, "v7", START + timedelta(minutes=5), 99, microseconds=5000)
    client: Any = metrics

    traffic = VariantMetrics(client).traffic(ENDPOINT, "v7", START, END)

    assert traffic.requests == 100
    assert traffic.median_ms == pytest.approx((900 + 99 * 5) / 100)
