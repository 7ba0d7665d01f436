"""Puts the parts together: our services behind MiniStack's port, and our ways in place of MiniStack's."""

import logging
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localcloud.alarms.engine import AlarmEngine, Fired
from localcloud.alarms.events import DETAIL_TYPE, SOURCE, Standing, detail
from localcloud.api import JsonService, RestJsonService
from localcloud.autoscaling import ApplicationAutoScaling
from localcloud.cloud import Credentials
from localcloud.delivery import Deliveries
from localcloud.errors import ApiError
from localcloud.event_targets import EventTargets
from localcloud.executions import Execution
from localcloud.gateway import Gateway
from localcloud.ministack_port import (
    alarms,
    events,
    http_apis,
    identity,
    lambdas,
    layers,
    object_versions,
    queue_mappings,
    schedules,
    service_metrics,
    serving,
    stacks,
    states,
)
from localcloud.nested_executions import NestedExecutions
from localcloud.sagemaker.service import SageMaker
from localcloud.schedule_targets import METRICS as SCHEDULE_METRICS
from localcloud.schedule_targets import ScheduleTargets, group_of
from localcloud.settings import StateFiles
from localcloud.stepfunctions import PREFIX, SageMakerTasks, TaskPermissions, require_managed_rules

_log = logging.getLogger(__name__)

STATES = "states.amazonaws.com"
LAMBDA = "lambda.amazonaws.com"


class LocalCloud:
    """Everything behind the port. Built once per process, after the environment is set; `close()` ends it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        # Each InvokeEndpoint and each .sync call of a job holds a thread for as long as it takes.
        self._threads = ThreadPoolExecutor(64, "local-service")
        self._sagemaker = SageMaker(gateway, analyzer=gateway.analyzer)
        self._deliveries = Deliveries(EventTargets(gateway), gateway.time_scale, self._event_metric, random.Random())
        self._scheduled = Deliveries(
            ScheduleTargets(gateway),
            gateway.time_scale,
            self._schedule_metric,
            random.Random(),
            dimensions=group_of,
        )
        identity.treat_loopback_as_tls()
        identity.make_sessions_safe_for_threads()
        self._book = alarms.MiniStackAlarms(gateway.scope, self._announce_alarm, self._fired)
        self._scaling = ApplicationAutoScaling(gateway, self._sagemaker.hosting, self._book)
        queues = service_metrics.QueueMetrics(gateway.scope, gateway.time_scale)
        self._alarms = AlarmEngine(self._book, gateway.time_scale, measure=queues.measure)
        self._register_services()
        self._install_states()
        self._book.install()
        service_metrics.install_execution_metrics()
        events.install_delivery(self._deliveries.submit)
        schedules.install(self._scheduled.submit, self._check_schedule_role)
        object_versions.install_object_versions()
        lambdas.install(self._may_send_dead_letter, self._function_session)
        layers.install(StateFiles(gateway.state_dir).functions)
        queue_mappings.install(gateway.time_scale)
        http_apis.install(gateway.endpoint_url)
        stacks.install(self._check_function_role, self._check_machine, self._check_mapping)
        self._scaling.acting.start()
        self._alarms.start()

    def close(self) -> None:
        self._alarms.close()
        self._scaling.acting.close()
        self._deliveries.close()
        self._scheduled.close()
        stacks.end_custom_resources()
        self._sagemaker.close()
        lambdas.stop_workers()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _register_services(self) -> None:
        identify, threads = self._gateway.identify, self._threads
        control = JsonService("sagemaker", self._sagemaker.operations(), identify, threads)
        runtime = RestJsonService("sagemaker-runtime", self._sagemaker.runtime_operations(), identify, threads)
        serving.register_service("sagemaker", "SageMaker.", control, {"/endpoints/": runtime})
        serving.register_service(
            "application-autoscaling",
            "AnyScaleFrontendService.",
            JsonService("application-autoscaling", self._scaling.operations(), identify, threads),
        )

    def _install_states(self) -> None:
        tasks = SageMakerTasks(self._gateway, self._execution_session, self._sagemaker.wait_for_job)
        permissions = TaskPermissions(self._gateway, self._execution_headers)
        nested = NestedExecutions(self._gateway, self._execution_session, states.wait_for_execution)
        states.install({PREFIX: tasks.run}, nested.run, permissions.check, self._execution_headers)

    def _execution_session(self, execution: Execution) -> Credentials:
        return self._gateway.service_session(execution.role_arn, STATES)

    def _execution_headers(self, execution: Execution, service: str) -> dict[str, str]:
        return identity.session_headers(self._execution_session(execution), self._gateway.region, service)

    def _event_metric(self, name: str, dimensions: Mapping[str, str]) -> None:
        self._gateway.put_metric("AWS/Events", name, 1, "Count", dimensions)

    def _schedule_metric(self, name: str, dimensions: Mapping[str, str]) -> None:
        self._gateway.put_metric("AWS/Scheduler", SCHEDULE_METRICS[name], 1, "Count", dimensions)

    def _announce_alarm(self, alarm: Mapping[str, Any], before: Standing, after: Standing) -> None:
        self._gateway.put_event(SOURCE, DETAIL_TYPE, detail(alarm, before, after), [alarm["AlarmArn"]])

    def _fired(self, fired: Fired) -> None:
        self._scaling.acting.hear(fired)

    def _may_send_dead_letter(self, role_arn: str, function: str, target_arn: str) -> bool:
        actions = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
        action = actions.get(target_arn.split(":")[2], "events:PutEvents")
        allowed = self._gateway.role_may(role_arn, LAMBDA, action, target_arn)
        if not allowed:
            self._gateway.put_metric("AWS/Lambda", "DeadLetterErrors", 1, "Count", {"FunctionName": function})
        return allowed

    def _function_session(self, role_arn: str, function: str) -> Credentials:
        return self._gateway.assume_role(role_arn, function, LAMBDA)

    def _check_function_role(self, role_arn: str) -> None:
        try:
            self._gateway.service_session(role_arn, LAMBDA)
        except ApiError as error:
            message = "The role defined for the function cannot be assumed by Lambda."
            raise ApiError("InvalidParameterValueException", f"{message} ({role_arn})") from error

    def _check_schedule_role(self, role_arn: str) -> None:
        try:
            self._gateway.service_session(role_arn, schedules.PRINCIPAL)
        except ApiError as error:
            message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise ApiError("ValidationException", f"{message} ({role_arn})") from error

    def _check_mapping(self, properties: Mapping[str, Any]) -> None:
        def may(role_arn: str, action: str, queue_arn: str) -> bool:
            return self._gateway.role_may(role_arn, LAMBDA, action, queue_arn)

        queue_mappings.check_role(properties, may)

    def _check_machine(self, definition: str, role_arn: str) -> None:
        try:
            self._gateway.service_session(role_arn, STATES)
        except ApiError as error:
            raise ApiError(
                "AccessDeniedException",
                "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to "
                f"assume the provided role. ({role_arn})",
            ) from error

        def allowed(action: str, resource: str) -> bool:
            return self._gateway.role_may(role_arn, STATES, action, resource)

        require_managed_rules(definition, allowed, role_arn, self._gateway.account, self._gateway.region)
