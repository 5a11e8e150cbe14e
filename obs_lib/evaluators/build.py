"""Builds the evaluators that `obs_lib.catalogue` knows: the package's and anybody's."""

from __future__ import annotations

from obs_lib.catalogue.evaluators import EVALUATORS, Entry, check_made, complaint
from obs_lib.errors import ExtensionError, NoHead, UnknownModel
from obs_lib.evaluators.anybodys import Anybodys
from obs_lib.evaluators.by_model import build_by_model
from obs_lib.evaluators.in_languages import in_languages
from obs_lib.evaluators.kit import Kit, TokenEncoder
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.records import Evaluator


def build(
    options: EvaluatorOptions,
    tokens: TokenEncoder,
    encoder: str | None = None,
    wanted: tuple[str, ...] | None = None,
) -> tuple[Evaluator, ...]:
    """All evaluators that fit the encoder, in the order of the catalogue.

    Parameters
    ----------
    tokens : reads texts token by token, where a text's one vector is too coarse.
    encoder : name of the weights behind the vectors, as in `Encoder.weights`; None: those that the heads were trained on.
    wanted : names of those that must be among them; None for all but those that run only where they are named. Others
        without a head for this encoder, or without a model that can be loaded, are left out.

    ConfigError when a wanted one has no head for this encoder, or a JSON schema in the options cannot be read. Somebody's
    evaluator that cannot be built is left out and named by `EVALUATORS.problems()`.
    """
    entries = EVALUATORS.entries()
    required = {name for name, entry in entries.items() if not entry.score.opt_in} if wanted is None else {*wanted}
    built: dict[str, Evaluator] = {}

    def evaluator(name: str) -> Evaluator:
        if name not in built:
            built[name] = _build(entries[name], Kit(options, tokens, encoder, evaluator))
        return built[name]

    for name in entries:
        try:
            evaluator(name)
        except (NoHead, UnknownModel):
            if name in required:
                raise
        except ExtensionError as error:
            EVALUATORS.leave_out(name, error)
    return tuple(in_languages(built[name], _languages(entries[name], options)) for name in entries if name in built)


def _languages(entry: Entry, options: EvaluatorOptions) -> tuple[str, ...]:
    """The languages that what gives the score was measured on; empty where none matters."""
    own = options.models.get(entry.score.name)
    return entry.score.languages if own is None or own.languages is None else own.languages


def _build(entry: Entry, kit: Kit) -> Evaluator:
    if entry.score.name in kit.options.models:
        return build_by_model(entry.score.name, kit.options)
    if entry.bundled:
        made: Evaluator = entry.thing.build(kit)
        return made
    return Anybodys(_made(entry, kit), entry.score)


def _made(entry: Entry, kit: Kit) -> object:
    """Somebody's evaluator; ExtensionError whatever goes wrong in making it."""
    if not hasattr(entry.thing, "build"):
        return entry.thing
    try:
        made: object = entry.thing.build(kit)
    except (Exception, SystemExit) as error:
        raise complaint(
            entry, "cannot be built", "build(kit) -> evaluator", f"{type(error).__name__}: {error}"
        ) from error
    check_made(made, entry)
    return made
