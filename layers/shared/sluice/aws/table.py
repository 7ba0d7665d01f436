"""The state table: one DynamoDB table, partitioned by model. The modules beside this one each own one kind of item.

| pk            | sk                   | item                                                        |
|---------------|----------------------|-------------------------------------------------------------|
| MODEL#<name>  | LEASE                | the run that is active; expires by itself as a last resort  |
| MODEL#<name>  | PENDING              | the newest upload that no run has taken yet                 |
| MODEL#<name>  | LATEST               | the order of the newest upload that a run took              |
| MODEL#<name>  | RUN#<run_id>         | a run: its plan, its state, how it ended                    |
| MODEL#<name>  | PRODUCTION           | what serves, what is on its way, what served before         |
| MODEL#<name>  | MONITORING           | how production is watched, and with which engine            |
| MODEL#<name>  | CHECK#<end>#<id>     | a check of production: what it found and what followed      |
| MODEL#<name>  | BATCH_CHECK#<at>#<id>| the same of a batch                                         |
| MODEL#<name>  | DRIFT_RETRAINS       | the retrains for drift that were asked for                  |
| MODEL#<name>  | NOTICE               | the notice that its idle endpoint was given                 |
| MODEL#<name>  | AUDIT#<time>#<id>    | one audit entry                                             |
| ENDPOINT#<…>  | WAITS#<model>        | a model that arrives at a multi-model endpoint              |
| EXECUTION#<…> | EXECUTION            | the model and run behind an execution of the state machine  |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]


@cache
def state_table(name: str) -> "StateTable":
    import boto3

    return StateTable(boto3.resource("dynamodb").Table(name))


@dataclass(frozen=True)
class StateTable:
    """The operations that the item modules are written in. Reads are strongly consistent."""

    table: "Table"

    def get(self, pk: str, sk: str) -> Item | None:
        item: Item | None = self.table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")
        return item

    def query(self, pk: str, sk_prefix: str, newest_first: bool = False, limit: int | None = None) -> list[Item]:
        from boto3.dynamodb.conditions import Key

        items: list[Item] = []
        arguments: dict[str, Any] = {
            "KeyConditionExpression": Key("pk").eq(pk) & Key("sk").begins_with(sk_prefix),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        while True:
            page = self.table.query(**arguments)
            items += page["Items"]
            if "LastEvaluatedKey" not in page or (limit is not None and len(items) >= limit):
                return items[:limit]
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def models_with(self, sk: str) -> list[str]:
        """The models that have such an item. It reads the whole table: not for what somebody waits for."""
        models: list[str] = []
        arguments: dict[str, Any] = {
            "FilterExpression": "sk = :sk AND begins_with(pk, :model)",
            "ExpressionAttributeValues": {":sk": sk, ":model": model_key("")},
            "ProjectionExpression": "pk",
            "ConsistentRead": True,
        }
        while True:
            page = self.table.scan(**arguments)
            models += [str(item["pk"]).removeprefix(model_key("")) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return sorted(models)
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def put(self, item: Item, only_if: str | None = None, values: Mapping[str, Any] | None = None) -> bool:
        """Write the item; False when the condition (a ConditionExpression) did not hold."""
        arguments: dict[str, Any] = {"Item": {key: value for key, value in item.items() if value is not None}}
        return self._conditional(self.table.put_item, arguments, only_if, values)

    def put_with_new(self, new: Item, item: Item) -> bool:
        """Write both or neither: False when there is an item with the key of `new` already."""
        puts: list[Any] = [
            {"TableName": self.table.name, "Item": new, "ConditionExpression": "attribute_not_exists(pk)"},
            {"TableName": self.table.name, "Item": item},
        ]
        try:
            self.table.meta.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons", [{}])
            if reasons[0].get("Code") == "ConditionalCheckFailed":
                return False
            raise
        return True

    def delete(self, pk: str, sk: str, only_if: str | None = None, values: Mapping[str, Any] | None = None) -> bool:
        """Delete the item; False when the condition did not hold."""
        return self._conditional(self.table.delete_item, {"Key": {"pk": pk, "sk": sk}}, only_if, values)

    @staticmethod
    def _conditional(
        operation: Any, arguments: dict[str, Any], condition: str | None, values: Mapping[str, Any] | None
    ) -> bool:
        if condition:
            arguments["ConditionExpression"] = condition
        if values:
            arguments["ExpressionAttributeValues"] = dict(values)
        try:
            operation(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def model_key(model: str) -> str:
    return f"MODEL#{model}"
