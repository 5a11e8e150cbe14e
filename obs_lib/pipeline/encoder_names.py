"""The encoder's names, written down in the lake's folder of files, for machines on which no model can run.

They depend on the libraries and the weights that are installed where days are scored, so only such a machine can say them. One
file for each profile of the section `models`; written again where libraries or weights have changed.
"""

from __future__ import annotations

import json
from pathlib import Path

from obs_lib.digests import digest_of
from obs_lib.errors import UnknownModel
from obs_lib.models.encoder import Encoder, load_encoder
from obs_lib.models.named import INSTALL, NamedEncoder, missing_libraries
from obs_lib.models.options import ModelOptions
from obs_lib.pipeline.staging import write_file


def encoder_of(files: Path, options: ModelOptions) -> Encoder:
    """The encoder where models can run, else one with the names that were written down. files : the lake's folder of files.

    UnknownModel where there is no such model, or nobody has written its names down.
    """
    return _named(files, options) if missing_libraries() else load_encoder(options)


def write_encoder_names(files: Path, options: ModelOptions) -> dict[str, str]:
    """Write down the names that the encoder has here; returns them. UnknownModel where no model can run here."""
    encoder = load_encoder(options)
    names = {"identity": encoder.identity, "weights": encoder.weights}
    write_file(_place(files, options), json.dumps(names, indent=1).encode())
    return names


def _named(files: Path, options: ModelOptions) -> NamedEncoder:
    place = _place(files, options)
    try:
        names = json.loads(place.read_bytes())
        return NamedEncoder(str(names["identity"]), str(names["weights"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnknownModel(
            "no model can run here, and nobody has written down the encoder's names",
            rule=f"in {place}",
            found=f"without {', '.join(missing_libraries())}",
            where="models.encoder",
            fix=f"{INSTALL}, or run `obs config name-models` once where that is installed, with these settings",
        ) from error


def _place(files: Path, options: ModelOptions) -> Path:
    profile = options.model_dump(exclude={"allow_download"})
    return files / "encoders" / f"{digest_of(profile)[:16]}.json"
