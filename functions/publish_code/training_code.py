"""The training code that came with this deployment, packed for SageMaker."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

CONTENT_TYPES = {
    ".py": "text/x-python",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
"""What training code is made of, by its suffix: scripts, and the parts of their pages."""


@dataclass(frozen=True)
class TrainingCode:
    """The scripts, the packages that they import and the parts of their pages, by their path."""

    files: dict[str, bytes]

    @classmethod
    def from_layer(cls) -> "TrainingCode":
        """What the training code layer put on the path. Raises FileNotFoundError when it is not attached."""
        spec = find_spec("training_code")
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if not folders:
            raise FileNotFoundError("the training code layer is not attached: no folder training_code on the path")
        root = Path(folders[0])
        files = [path for path in sorted(root.rglob("*")) if path.suffix in CONTENT_TYPES]
        return cls({path.relative_to(root).as_posix(): path.read_bytes() for path in files})

    @property
    def sha256(self) -> str:
        """Of names and contents: the same code has the same hash, wherever and whenever it is deployed."""
        digest = hashlib.sha256()
        for name, body in sorted(self.files.items()):
            digest.update(f"{name}\0{len(body)}\0".encode())
            digest.update(body)
        return digest.hexdigest()

    def archive(self) -> bytes:
        """`sourcedir.tar.gz`, as SageMaker's script mode expects it: with the scripts at the top level."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, body in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size = len(body)
                entry.mode = 0o644
                archive.addfile(entry, io.BytesIO(body))
        return buffer.getvalue()
