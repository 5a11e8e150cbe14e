"""What every step is handed: the settings and the lake that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from obs_lib.catalogue import scores
from obs_lib.connections import Connections
from obs_lib.errors import LakeDamaged, LakeError, ObsError
from obs_lib.evaluators.anchors import Anchor, load_anchors
from obs_lib.evaluators.build import build
from obs_lib.evaluators.judge.build import together
from obs_lib.evaluators.judge.evaluator import Judge
from obs_lib.lake.lake import Lake
from obs_lib.models.encoder import Encoder
from obs_lib.pipeline.at_work import at_work_on
from obs_lib.pipeline.encoder_names import encoder_of
from obs_lib.pipeline.judging import make_judges
from obs_lib.records import Day, Evaluator, StepState
from obs_lib.redaction.redactor import Redactor
from obs_lib.settings.environment import environment_connection
from obs_lib.settings.loading import load_settings
from obs_lib.settings.settings import Settings
from obs_lib.sources.source import Source, open_source


@dataclass(frozen=True)
class Workspace:
    """What every step is handed. Of one process: nothing of it is passed to another, which opens its own from the settings.

    settings : all options, read once; see `open_workspace`.
    lake : the tables that the settings name, and the folder of files beside them (`lake.files`).
    connections : credentials by name, asked for when a source, judge or channel is made; nothing of them is kept here.

    Everything else is made of these when it is first used, and once: `sources`, `encoder`, `evaluators`, `judges`, `anchors`,
    `redactor`. So a step pays for what it uses alone, and where a setting is wrong, the first step that uses it says so.
    """

    settings: Settings
    lake: Lake
    connections: Connections = environment_connection

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The log sources; constructing them reads nothing. ConfigError where one names a connection that is not known."""
        return tuple(open_source(options, self.connections) for options in self.settings.sources)

    @cached_property
    def encoder(self) -> Encoder:
        """The text encoder; constructing it loads nothing. Where no model can run, its names alone (`encoder_names`)."""
        return encoder_of(self.lake.files, self.settings.models)

    @cached_property
    def evaluators(self) -> tuple[Evaluator, ...]:
        """Every evaluator that can read the encoder's vectors, or needs none, in catalogue order.

        ConfigError when one that the settings choose has no head for this encoder.
        """
        wanted = self.settings.scoring.evaluators
        if judged := self.judges:
            names = {judge.name for judge in judged if judge.options.cascade is None}
            standing = (score.name for score in scores() if not score.opt_in)
            wanted = tuple(name for name in (wanted or standing) if name not in names)
        local = build(self.settings.evaluators, self.encoder, self.encoder.weights, wanted)
        return together(local, tuple(judge for judge in judged if judge.rubric.kind == "score"))

    @cached_property
    def judges(self) -> tuple[Judge, ...]:
        """The judges that the settings name; making them asks nobody. ConfigError for a wrong rubric or budget."""
        return make_judges(self.settings, self.lake, self.connections, self.redactor)

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """The frozen anchors, the package's and the settings'. ConfigError where the settings' cannot be read."""
        return load_anchors(self.settings.evaluators.anchors)

    @cached_property
    def redactor(self) -> Redactor:
        """Masks what is stored and what is shown. ConfigError when it should find names and has no model for it."""
        return Redactor(self.settings.redaction)

    def settings_digest(self, *sections: str) -> str:
        """`Settings.digest`, made once: a walk over days asks for it on each of them."""
        if sections not in self._digests:
            self._digests[sections] = self.settings.digest(*sections)
        return self._digests[sections]

    @cached_property
    def _digests(self) -> dict[tuple[str, ...], str]:
        return {}

    @contextmanager
    def step(self, day: Day, name: str) -> Iterator[None]:
        """Record a deliberate error or a full disk against the step before it goes on its way.

        Not where another step's rows are damaged: that step is marked, and this one done again.
        """
        try:
            with at_work_on(self.lake.files, day):
                yield
        except (ObsError, OSError, MemoryError) as error:
            with suppress(LakeError):  # where even that cannot be written, the error itself is what counts
                if not isinstance(error, LakeDamaged) or error.day is None:
                    self.lake.fail(day, name, error)
            raise
        before = self.lake.record(day, name)
        if before is not None and before.state is StepState.FAILED:  # of a step that commits nothing of its own
            self.lake.commit(day, name, {}, inputs="")


def open_workspace(config: str | Path | None = None, connections: Connections = environment_connection) -> Workspace:
    """The workspace of a settings file: the one given, else $OBS_CONFIG, else ./obs.yaml, else defaults.

    connections : where credentials that the settings name come from; by default the environment.
    """
    settings = load_settings(config)
    return Workspace(settings, Lake(settings.lake, connections), connections)
