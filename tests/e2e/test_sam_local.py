"""Every function as `sam build` makes it, by `sam local invoke`, in a container that talks to the running local cloud.

A real run leaves a trained model first; then the stack's own rules are switched off, and the functions are invoked one
after the other with their canonical events, the way a second run and its deployment would call them.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.container_engine import Engine, NoEngineError, container_engine
from tests.e2e.local_stage import MODEL, ROOT, SLUICE, LocalStage, sluice_up, write_churn
from tests.e2e.sam_invocation import LocalFunctions, SamBuild, canonical
from tests.waiting import eventually
from tools.sam import NO_RUNTIME, SAM, find_runtime

# The identifiers in events/*.json.
CANONICAL_RUN = "261120202448-3fa2"
CANONICAL_CODE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXECUTION = canonical("start_run")["execution_arn"]
GROUP = f"sluice-dev-{MODEL}"

pytestmark = [
    pytest.mark.sam,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not SAM.exists(), reason="SAM is not installed: make sam-local installs it"),
    pytest.mark.skipif(find_runtime() is None, reason=NO_RUNTIME),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with container_engine() as found:
            yield found
    except NoEngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def stage(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    """Deployed, with one run behind it, and no rule that would act beside the tests."""
    with sluice_up(tmp_path_factory.mktemp("state"), "--expose") as up:
        folder = tmp_path_factory.mktemp("data")
        data = write_churn(folder / "churn.csv")
        up.run([SLUICE, "init", data, "--target", "churned", "--name", MODEL, "--out", folder / "model.yaml"])
        s3 = up.client("s3")
        s3.upload_file(str(folder / "model.yaml"), up.bucket, f"models/{MODEL}/model.yaml")
        s3.upload_file(str(data), up.bucket, f"models/{MODEL}/raw/churn.csv")
        execution = up.await_execution()
        assert execution["status"] == "SUCCEEDED", execution
        events = up.client("events")
        for rule in events.list_rules()["Rules"]:
            events.disable_rule(Name=rule["Name"])
        yield up


@dataclass
class Lambdas:
    """The functions, and what one leaves for the next."""

    call: Callable[[str, dict[str, Any]], Any]
    trained_run: str
    code: str
    host: str
    plan: dict[str, Any] = field(default_factory=dict)
    report: str = ""
    """The prefix of a check's files."""
    invoked: set[str] = field(default_factory=set)
    names: frozenset[str] = frozenset()

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        self.invoked.add(function)
        return self.call(function, event)

    def event(self, name: str) -> dict[str, Any]:
        return canonical(name, {CANONICAL_RUN: self.trained_run, CANONICAL_CODE: self.code})


@pytest.fixture(scope="module")
def lambdas(stage: LocalStage, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Lambdas:
    host = engine.host_address()
    built = SamBuild.make(tmp_path_factory.mktemp("build"), ROOT / ".aws-sam/sam-local-cache")
    functions: LocalFunctions = built.aimed_at(stage, host)
    (job,) = stage.client("sagemaker").list_training_jobs(NameContains="-train")["TrainingJobSummaries"]
    run_id = job["TrainingJobName"].removeprefix(f"sluice-dev-{MODEL}-").removesuffix("-train")
    code = stage.outputs["CodePrefix"].strip("/").rpartition("/")[2]
    return Lambdas(
        lambda function, event: functions.invoke(engine, function, event),
        run_id,
        code,
        host,
        names=frozenset(functions.names),
    )


def read_json(stage: LocalStage, key: str) -> Any:
    return json.loads(stage.client("s3").get_object(Bucket=stage.bucket, Key=key)["Body"].read())


def rows(stage: LocalStage) -> list[dict[str, Any]]:
    return list(stage.client("dynamodb").scan(TableName=stage.outputs["StateTableName"])["Items"])


def audited(stage: LocalStage, action: str) -> list[dict[str, Any]]:
    return [row for row in rows(stage) if action in json.dumps(row)]


@dataclass
class CloudFormationEar:
    """Where a custom resource sends its answer."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def cloudformation() -> Iterator[CloudFormationEar]:
    ear = CloudFormationEar()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            ear.answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    ear.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield ear
    server.shutdown()
    thread.join()
    server.server_close()


def test_publish_code(stage: LocalStage, lambdas: Lambdas, cloudformation: CloudFormationEar) -> None:
    s3 = stage.client("s3")
    processing = f"code/{lambdas.code}/processing/preprocess.py"
    s3.delete_object(Bucket=stage.bucket, Key=processing)
    event = lambdas.event("custom_resource")
    event["ResponseURL"] = f"http://{lambdas.host}:{cloudformation.port}/response"

    answer = lambdas.invoke("PublishCode", event)

    (sent,) = cloudformation.answers
    assert (sent["Status"], sent["RequestId"]) == ("SUCCESS", event["RequestId"])
    assert sent["Data"] == answer
    assert lambdas.code in json.dumps(answer), "the same training code has the same address, wherever it is packed"
    assert s3.head_object(Bucket=stage.bucket, Key=processing)["ContentLength"] > 0


def test_start_run(stage: LocalStage, lambdas: Lambdas, tmp_path: Path) -> None:
    data = write_churn(tmp_path / "more.csv", seed=8)
    key = f"models/{MODEL}/raw/churn.csv"
    stored = stage.client("s3").put_object(Bucket=stage.bucket, Key=key, Body=data.read_bytes())
    event = lambdas.event("start_run")
    event["event"]["time"] = "2099-01-01T00:00:00Z"  # newer than the run that went before
    event["event"]["detail"]["object"] |= {
        "etag": stored["ETag"].strip('"'),
        "version-id": stored["VersionId"],
        "size": data.stat().st_size,
    }

    answer = lambdas.invoke("StartRun", event)

    assert (answer["outcome"], answer["plan"]["model"]) == ("run", MODEL), answer
    lambdas.plan = answer["plan"]
    prefix = f"models/{MODEL}/runs/{lambdas.plan['run_id']}"
    assert read_json(stage, f"{prefix}/definition/definition.json")["data"]["target"] == "churned"
    copied = stage.client("s3").get_object(Bucket=stage.bucket, Key=f"{prefix}/input/churn.csv")["Body"].read()
    assert copied == data.read_bytes()
    assert any(EXECUTION in json.dumps(row) for row in rows(stage)), "the lease is taken"

    assert lambdas.invoke("StartRun", event)["plan"] == lambdas.plan, "retried in one execution: the same plan"
    other = {**event, "execution_arn": f"{EXECUTION}-again"}
    assert lambdas.invoke("StartRun", other)["outcome"] == "duplicate"


def test_select_model(stage: LocalStage, lambdas: Lambdas) -> None:
    sagemaker = stage.client("sagemaker")
    event = lambdas.event("select_model")
    search = event["search"]
    trained = sagemaker.describe_training_job(TrainingJobName=f"sluice-dev-{MODEL}-{lambdas.trained_run}-train")
    fixed = {name: value for name, value in trained["HyperParameters"].items() if name != "max_depth"}
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=search["job_name"],
        HyperParameterTuningJobConfig=search["config"],
        TrainingJobDefinition={
            "StaticHyperParameters": fixed,
            "AlgorithmSpecification": {
                name: trained["AlgorithmSpecification"][name]
                for name in ("TrainingImage", "TrainingInputMode", "MetricDefinitions")
            },
            **{
                name: trained[name]
                for name in ("RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition")
            },
        },
    )

    def ended() -> bool:
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=search["job_name"])
        assert job["HyperParameterTuningJobStatus"] in ("InProgress", "Completed"), job
        return bool(job["HyperParameterTuningJobStatus"] == "Completed")

    eventually(ended, "the search ends")

    answer = lambdas.invoke("SelectModel", event)

    assert answer["training"]["job_name"].startswith(search["job_name"]), answer
    written = read_json(stage, f"models/{MODEL}/runs/{lambdas.trained_run}/tuning/tuning.json")
    assert (written["chosen"], written["counts"]["completed"]) == ("tuned", 1)


def test_evaluate_gate(stage: LocalStage, lambdas: Lambdas) -> None:
    key = f"models/{MODEL}/runs/{lambdas.trained_run}/evaluation/gate.json"
    before = read_json(stage, key)
    stage.client("s3").delete_object(Bucket=stage.bucket, Key=key)

    answer = lambdas.invoke("EvaluateGate", lambdas.event("evaluate_gate"))

    assert answer["verdict"] == before["verdict"]
    assert answer["checks"]
    assert read_json(stage, key) == before


def test_register_model(stage: LocalStage, lambdas: Lambdas) -> None:
    event = lambdas.event("register_model")
    event["plan"]["run_id"] = lambdas.plan["run_id"]

    answer = lambdas.invoke("RegisterModel", event)

    assert (answer["version"], answer["status"]) == (2, "PendingManualApproval")
    package = stage.client("sagemaker").describe_model_package(ModelPackageName=answer["package_arn"])
    assert package["CustomerMetadataProperties"]["run_id"] == lambdas.plan["run_id"]
    assert package["ApprovalDescription"] == event["decision"]["summary"]


def test_score_endpoint(stage: LocalStage, lambdas: Lambdas) -> None:
    """The endpoint is made here, as the validation's state machine makes it."""
    sagemaker, event = stage.client("sagemaker"), lambdas.event("score_endpoint")
    name = event["endpoint_name"]
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=stage.outputs["SageMakerRoleArn"],
        PrimaryContainer={"ModelPackageName": lambdas.event("conclude_validation")["package_arn"]},
    )
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    variant = {"VariantName": "AllTraffic", "ModelName": name, "ServerlessConfig": serverless}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    answer = lambdas.invoke("ScoreEndpoint", event)

    assert answer["verdict"] == "pass", answer
    assert "as the evaluate step did" in answer["reason"]
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)


def test_conclude_validation(stage: LocalStage, lambdas: Lambdas) -> None:
    event = lambdas.event("conclude_validation")

    answer = lambdas.invoke("ConcludeValidation", event)

    assert (answer["verdict"], answer["status"]) == ("pass", "PendingManualApproval"), answer
    package = stage.client("sagemaker").describe_model_package(ModelPackageName=event["package_arn"])
    assert package["ApprovalDescription"].startswith(event["score"]["reason"])
    assert lambdas.invoke("ConcludeValidation", event) == answer, "told twice, concluded once"
    assert len(audited(stage, '"MODEL_VALIDATED"')) == 1


def test_finish_run(stage: LocalStage, lambdas: Lambdas) -> None:
    answer = lambdas.invoke("FinishRun", lambdas.event("finish_run"))

    assert (answer["outcome"], answer["run_id"]) == ("succeeded", lambdas.plan["run_id"])
    tags = stage.client("s3").get_object_tagging(
        Bucket=stage.bucket, Key=f"models/{MODEL}/runs/{lambdas.plan['run_id']}/input/churn.csv"
    )["TagSet"]
    assert {"Key": "sluice:kind", "Value": "intermediate"} in tags
    assert lambdas.invoke("FinishRun", lambdas.event("finish_run"))["started"] is None, "told twice, ended once"


def test_deploy_model(stage: LocalStage, lambdas: Lambdas) -> None:
    sagemaker = stage.client("sagemaker")
    event = lambdas.event("model_package_state_change")
    arn = event["detail"]["ModelPackageArn"]
    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="Looks good"
    )

    answer = lambdas.invoke("DeployModel", event)

    endpoint = sagemaker.describe_endpoint(EndpointName=GROUP)
    assert endpoint["EndpointConfigName"].startswith(f"{GROUP}-v1-"), answer
    assert lambdas.invoke("DeployModel", event) == answer, "delivered twice, deployed once"
    assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == 1


def test_activate_endpoint(stage: LocalStage, lambdas: Lambdas) -> None:
    waiter = stage.client("sagemaker").get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=GROUP, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    answer = lambdas.invoke("ActivateEndpoint", lambdas.event("endpoint_state_change"))

    assert answer["outcome"] == "deployed", answer
    assert answer["config"].startswith(f"{GROUP}-v1-")
    assert len(audited(stage, '"DEPLOYED"')) == 1
    body = b"tenure,plan,monthly\n1,basic,119.5\n"
    reply = stage.client("sagemaker-runtime").invoke_endpoint(EndpointName=GROUP, ContentType="text/csv", Body=body)
    assert json.loads(reply["Body"].read())["predictions"]


def test_start_batch(stage: LocalStage, lambdas: Lambdas) -> None:
    """By the version that was deployed before."""
    event = lambdas.event("start_batch")
    stored = event["event"]["detail"]["object"]
    body = b"tenure,plan,monthly\r\n1,basic,119.5\r\n2,plus,20\r\n"
    put = stage.client("s3").put_object(Bucket=stage.bucket, Key=stored["key"], Body=body)
    stored |= {"version-id": put["VersionId"], "size": len(body)}

    answer = lambdas.invoke("StartBatch", event)

    assert (answer["outcome"], answer["plan"]["rows"], answer["plan"]["version"]) == ("batch", 2, 1), answer
    part = f"{answer['plan']['input_uri'].partition(f'{stage.bucket}/')[2]}part-00000.csv"
    copied = stage.client("s3").get_object(Bucket=stage.bucket, Key=part)["Body"].read()
    assert copied == body.replace(b"\r", b"")
    lambdas.plan = answer["plan"]


def test_finish_batch(stage: LocalStage, lambdas: Lambdas) -> None:
    """The job is run here, as the batch state machine runs it."""
    sagemaker, plan, event = stage.client("sagemaker"), lambdas.plan, lambdas.event("finish_batch")
    package = {"ModelPackageName": plan["package_arn"]}
    sagemaker.create_model(ModelName=plan["name"], ExecutionRoleArn=plan["role_arn"], PrimaryContainer=package)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": plan["input_uri"]}}
    sagemaker.create_transform_job(
        TransformJobName=plan["name"],
        ModelName=plan["name"],
        BatchStrategy="MultiRecord",
        Environment={"SLUICE_CSV_COLUMNS": plan["columns"]},
        TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": plan["output_uri"], "Accept": "text/csv", "AssembleWith": "Line"},
        TransformResources={"InstanceType": plan["instance_type"], "InstanceCount": 1},
        DataProcessing={"JoinSource": "Input"},
    )
    waiter = sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=plan["name"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    answer = lambdas.invoke("FinishBatch", event)

    assert (answer["outcome"], answer["rows"]) == ("finished", 2), answer
    key = answer["result"].partition(f"{stage.bucket}/")[2]
    result = stage.client("s3").get_object(Bucket=stage.bucket, Key=key)["Body"].read().decode()
    assert result.splitlines()[0] == "tenure,plan,monthly,probability,label"
    assert lambdas.invoke("FinishBatch", event) == answer, "told twice, ended once"
    assert len(audited(stage, '"BATCH_FINISHED"')) == 1


def test_write_model_card(stage: LocalStage, lambdas: Lambdas) -> None:
    """Of the version that was approved before it was deployed."""
    answer = lambdas.invoke("WriteModelCard", lambdas.event("model_package_state_change"))

    assert answer == {"outcome": "created", "card": f"{GROUP}-v1"}
    card = stage.client("sagemaker").describe_model_card(ModelCardName=f"{GROUP}-v1")
    assert json.loads(card["Content"])["model_overview"]["model_name"] == MODEL
    assert "Looks good" in card["Content"]


def test_serve_predictions(stage: LocalStage, lambdas: Lambdas) -> None:
    """Of the version that was activated before it."""
    lambda_ = stage.client("lambda")
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    answer = lambdas.invoke("ServePredictions", lambdas.event("prediction_request"))

    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["model_version"], body["inference_id"]) == (200, 1, "order-4711"), answer
    assert set(body["predictions"][0]["contributions"]) == {"tenure", "plan", "monthly", "bias"}
    sqs = stage.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-dev-captures")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["record"]["eventMetadata"]["inferenceId"] == "order-4711"


def test_write_captures(stage: LocalStage, lambdas: Lambdas) -> None:
    answer = lambdas.invoke("WriteCaptures", lambdas.event("capture_batch"))

    assert answer == {"batchItemFailures": []}
    prefix = f"captures/{MODEL}/{GROUP}/AllTraffic/2026/11/21/10/"
    (found,) = stage.client("s3").list_objects_v2(Bucket=stage.bucket, Prefix=prefix)["Contents"]
    assert read_json(stage, found["Key"])["eventMetadata"]["inferenceId"] == "order-4711"
    lambdas.invoke("WriteCaptures", lambdas.event("capture_batch"))
    again = stage.client("s3").list_objects_v2(Bucket=stage.bucket, Prefix=prefix)["Contents"]
    assert [entry["Key"] for entry in again] == [found["Key"]], "delivered twice, written once"


def test_run_monitor(stage: LocalStage, lambdas: Lambdas) -> None:
    """Of one captured request: the job runs, and says that this is too little."""
    now = datetime.now(UTC)
    record = json.loads(lambdas.event("capture_batch")["Records"][0]["body"])["record"]
    record["eventMetadata"]["inferenceTime"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    key = f"captures/{MODEL}/{GROUP}/AllTraffic/{now:%Y/%m/%d/%H}/one.jsonl"
    stage.client("s3").put_object(Bucket=stage.bucket, Key=key, Body=json.dumps(record).encode())
    event = lambdas.event("check_requested")
    event["time"], event["detail"]["now"] = f"{now:%Y-%m-%dT%H:%M:%SZ}", True

    answer = lambdas.invoke("RunMonitor", event)

    assert answer["outcome"] == "started", answer
    job = f"{GROUP}-{answer['check_id']}-check"
    waiter = stage.client("sagemaker").get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName=job, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    described = stage.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    assert described["ProcessingJobStatus"] == "Completed", described
    report = described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    lambdas.report = report.partition(f"{stage.bucket}/")[2]
    assert read_json(stage, f"{lambdas.report}drift.json")["verdict"] == "not-enough-data"
    assert lambdas.invoke("RunMonitor", event)["check_id"] == answer["check_id"], "delivered twice, checked once"


def test_handle_drift(stage: LocalStage, lambdas: Lambdas) -> None:
    event = lambdas.event("violations_object_created")
    event["detail"]["object"]["key"] = f"{lambdas.report}constraint_violations.json"

    answer = lambdas.invoke("HandleDrift", event)

    assert (answer["outcome"], "not enough" in answer["reason"]) == ("ignore", True), answer
    (check,) = [row for row in rows(stage) if row["sk"]["S"].startswith("CHECK#")]
    assert (check["check_status"]["S"], check["verdict"]["S"]) == ("ENDED", "not-enough-data")
    assert lambdas.invoke("HandleDrift", event) == answer, "delivered twice, judged once"


def test_compare_variants(stage: LocalStage, lambdas: Lambdas) -> None:
    """Of a trial that nobody asked anything."""
    answer = lambdas.invoke("CompareVariants", lambdas.event("compare_variants"))

    assert (answer["decision"], "too few to compare" in answer["reason"]) == ("keep", True), answer
    assert read_json(stage, answer["report_uri"].split("/", 3)[3])["decision"] == "keep"


def test_clean_up(stage: LocalStage, lambdas: Lambdas) -> None:
    """What was deployed a moment ago stays."""
    assert lambdas.invoke("CleanUp", lambdas.event("clean_up")) == {}
    assert stage.client("sagemaker").describe_endpoint(EndpointName=GROUP)["EndpointStatus"] == "InService"


def test_reap_endpoints(lambdas: Lambdas) -> None:
    """Off unless the stage asks for it."""
    assert lambdas.invoke("ReapEndpoints", lambdas.event("reap_endpoints")) == {"off": 1}


def test_every_function_was_invoked(lambdas: Lambdas) -> None:
    assert lambdas.invoked == lambdas.names


def test_a_function_that_fails_is_noticed(lambdas: Lambdas) -> None:
    with pytest.raises(AssertionError, match=r"EvaluateGate failed.*ValidationError"):
        lambdas.invoke("EvaluateGate", {})
