"""What a user does: the definition, then the data. The second upload is what starts a run."""

from cli.demo.findings import Dataset, Deployed, Uploaded
from cli.demo.stages import Results, Tell
from sluice.naming import ModelPrefix


def run(results: Results, tell: Tell) -> Uploaded:
    installation = results.get(Deployed).installation
    dataset = results.get(Dataset)
    prefix = ModelPrefix(dataset.definition.name)
    bucket = installation.stack.bucket
    s3 = installation.aws.client("s3")
    s3.put_object(Bucket=bucket, Key=prefix.definition, Body=dataset.text.encode())
    tell(f"s3://{bucket}/{prefix.definition}")
    key = f"{prefix.raw}{dataset.file.name}"
    s3.upload_file(str(dataset.file), bucket, key)
    version = s3.head_object(Bucket=bucket, Key=key).get("VersionId")
    return Uploaded(bucket, key, version)
