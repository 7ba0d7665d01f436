"""Where a host writes what: the folders of a run and the names of the files in them."""

from dataclasses import dataclass
from pathlib import Path

from cluster.hosts import Cluster
from preprocessing.splitting import SPLITS, TRAIN

CSV, PARQUET = "csv", "parquet"
FORMATS = (CSV, PARQUET)
FOLDERS = (*SPLITS, "holdout", "codec", "baseline")


@dataclass(frozen=True)
class Layout:
    """file_format: of the splits. train_parts: files to which this host writes its training rows."""

    output: Path
    cluster: Cluster
    file_format: str = CSV
    train_parts: int = 1

    def make_folders(self) -> None:
        for name in FOLDERS:
            (self.output / name).mkdir(parents=True, exist_ok=True)

    def path(self, folder: str, name: str) -> Path:
        """Of a file that every host writes: with the host's name where there are several."""
        file = Path(name)
        own = name if self.cluster.size == 1 else f"{file.stem}-{self.cluster.current}{file.suffix}"
        return self.output / folder / own

    def split_path(self, split: str, part: int) -> Path:
        parts = self.train_parts if split == TRAIN else 1
        alone = self.cluster.size == 1 and parts == 1
        name = split if alone else f"{split}-{self.cluster.current}-{part}"
        return self.output / split / f"{name}.{self.file_format}"
