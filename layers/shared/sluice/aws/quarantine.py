"""Where a bad upload goes: a copy beside a file that says why."""

import json
from dataclasses import dataclass

from sluice.aws.objects import Objects
from sluice.naming import ModelPrefix
from sluice.plan import Upload


@dataclass(frozen=True)
class Quarantine:
    objects: Objects

    def put(self, model: str, upload: Upload, reason: str, then: str) -> str:
        """Copy that version of the file and write its reason and what to do then; the upload stays where it is.

        Answers the copy's `s3://` URI. The name carries the upload's time, so a repeated call writes the same objects.
        """
        stamp = upload.order.partition("#")[0].replace(":", "").replace("+0000", "Z")
        file_name = upload.key.rpartition("/")[2]
        copy_key = f"{ModelPrefix(model).quarantine}{stamp}-{file_name}"
        self.objects.copy(upload, copy_key)
        explanation = {"reason": reason, "file": upload.data_version, "next": then}
        self.objects.write(f"{copy_key}.reason.json", json.dumps(explanation, indent=2))
        return f"s3://{upload.bucket}/{copy_key}"
