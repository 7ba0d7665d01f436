"""What a Lambda reads from its environment, all of it, read once and on first use."""

from functools import cache

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The variables that template.yaml sets; each function gets the ones it needs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = Field(alias="STAGE")
    bucket: str = Field(default="", alias="BUCKET_NAME")
    state_table: str = Field(default="", alias="STATE_TABLE_NAME")
    idempotency_table: str = Field(default="", alias="IDEMPOTENCY_TABLE_NAME")
    topic_arn: str = Field(default="", alias="TOPIC_ARN")
    state_machine_arn: str = Field(default="", alias="STATE_MACHINE_ARN")
    sagemaker_role_arn: str = Field(default="", alias="SAGEMAKER_ROLE_ARN")
    code_sha256: str = Field(default="", alias="CODE_SHA256")
    commit_id: str = Field(default="", alias="COMMIT_ID")
    registry_account: str = Field(default="", alias="REGISTRY_ACCOUNT_ID")
    consumer_accounts: str = Field(default="", alias="CONSUMER_ACCOUNT_IDS")
    kms_key_arn: str = Field(default="", alias="KMS_KEY_ARN")
    success_topic_arn: str = Field(default="", alias="ASYNC_SUCCESS_TOPIC_ARN")
    error_topic_arn: str = Field(default="", alias="ASYNC_ERROR_TOPIC_ARN")
    rollout_machine_arn: str = Field(default="", alias="ROLLOUT_STATE_MACHINE_ARN")
    deploy_function: str = Field(default="", alias="DEPLOY_FUNCTION_NAME")
    capture_queue_url: str = Field(default="", alias="CAPTURE_QUEUE_URL")
    run_monitor_arn: str = Field(default="", alias="RUN_MONITOR_ARN")
    scheduler_role_arn: str = Field(default="", alias="SCHEDULER_ROLE_ARN")
    event_dead_letters_arn: str = Field(default="", alias="EVENT_DEAD_LETTERS_ARN")
    least_age_seconds: int = Field(default=3600, ge=0, alias="LEAST_AGE_SECONDS")
    late_after_seconds: int = Field(default=600, ge=0, alias="LATE_AFTER_SECONDS")
    reap_idle_hours: int = Field(default=0, ge=0, alias="REAP_IDLE_HOURS")
    reap_notice_hours: int = Field(default=24, ge=0, alias="REAP_NOTICE_HOURS")
    region: str = Field(default="", alias="AWS_REGION")


@cache
def settings() -> Settings:
    import os

    return Settings.model_validate(dict(os.environ))
