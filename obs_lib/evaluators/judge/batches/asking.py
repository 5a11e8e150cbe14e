"""One day's questions through a batch API: what has come is collected, what nobody asked is sent, and for a while is waited.

What has not come by then is collected by a later run, in which the same questions find the same batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from obs_lib.errors import EvaluatorError
from obs_lib.evaluators.judge.asking import Asker, NoVerdict
from obs_lib.evaluators.judge.batches.api import BatchApi, Look
from obs_lib.evaluators.judge.batches.register import Batch, BatchState, Failure, Question, Register
from obs_lib.evaluators.judge.endpoint import CallFailed
from obs_lib.evaluators.judge.ledger import BudgetSpent, Limits
from obs_lib.evaluators.judge.prompt import Body
from obs_lib.evaluators.judge.verdict import Verdict

Questions = Mapping[str, tuple[str, Body]]
"""Case and request by the request's key."""
PENDING = "the judge's batch is pending"
_GONE = "the judge's server does not know the batch any more"
_MOST, _MOST_BYTES = 10_000, 32 << 20  # of one batch; both servers take more, but memory and claims do not
_FIRST_LOOK_S, _LAST_LOOK_S = 1.0, 60.0  # between two looks at a batch


class Pending(EvaluatorError):
    """A batch is to bring the verdict, and has not yet."""


@dataclass
class BatchAsker:
    """Asks one judge for one day. Equal questions find the batch that has them, whichever process or night sent it.

    wait_s : seconds after a batch was sent that are waited for it. wait : what waits; seconds to None.
    """

    asker: Asker
    api: BatchApi
    register: Register
    limits: Limits
    wait_s: float
    wait: Callable[[float], None] = time.sleep
    _trouble: str = field(default="", init=False)

    def look(self, questions: Questions) -> None:
        """Collect what has come, and send what nobody asked, without waiting; of `questions` the first are asked first."""
        self._collect(questions)
        self._send(questions)

    def bring(self, questions: Questions) -> None:
        """Get as many verdicts as the time allows."""
        pause = _FIRST_LOOK_S
        while True:
            self.look(questions)
            made = self.register.waiting(questions.keys())
            left = 0.0 if made is None else made + self.wait_s - time.time()
            if left <= 0:
                return
            self.wait(min(pause, left))
            pause = min(pause * 1.5, _LAST_LOOK_S)

    def verdict(self, body: Body) -> Verdict:
        """The verdict on a request. NoVerdict, BudgetSpent or Pending where there is none."""
        found = self.register.answer(self.asker.key(body))
        match found:
            case Verdict():
                return found
            case Failure():
                raise NoVerdict(found.reason, found.cost_usd)
            case Batch():
                raise Pending(f"{PENDING} ({self._trouble})" if self._trouble else PENDING)
            case None if self.limits.calls is not None or self.limits.usd is not None:
                raise BudgetSpent("budget spent")
            case None:
                raise NoVerdict("the judge was not asked", None)

    # -- collecting ----------------------------------------------------------------------------------------------------

    def _collect(self, questions: Questions) -> None:
        self._trouble = ""
        for batch in self.register.live():
            try:
                self._look(batch, questions)
            except CallFailed as problem:
                if batch.state is BatchState.OPEN and problem.status == 404:  # may have been paid for all the same
                    lost = self.register.reserved(batch)
                    self.register.close(batch, {}, {key: Failure(_GONE, usd) for key, usd in lost.items()})
                else:
                    self._trouble = str(problem)

    def _look(self, batch: Batch, questions: Questions) -> None:
        remote = batch.remote or self._found(batch)
        if remote is None:
            return
        state = self.api.look(remote)
        if state.ended:
            self._take(batch, remote, state, questions)
            self._discard(remote)

    def _found(self, batch: Batch) -> str | None:
        """The server's name of a batch that nobody noted; None where somebody is about to send it, or it was never made."""
        if time.time() < batch.until:
            return None
        remote = self.api.find(batch, self.register.reserved(batch).keys(), self.register.remotes())
        if remote is None:
            self.register.close(batch, {}, {})
        else:
            self.register.opened(batch, remote)
        return remote

    def _take(self, batch: Batch, remote: str, state: Look, questions: Questions) -> None:
        """Keep what a batch that ended has brought."""
        reserved = self.register.reserved(batch)
        verdicts: dict[str, Verdict] = {}
        failures: dict[str, CallFailed] = {}
        unread: dict[str, Failure] = {}
        for key, answer in self.api.answers(remote, batch.n):
            if key not in reserved:
                continue  # forgotten by now, or nothing that we asked
            if isinstance(answer, CallFailed):
                failures[key] = answer
                continue
            try:
                verdicts[key] = self.asker.read(answer, self.asker.cost(answer.get("usage"), reserved[key]))
            except NoVerdict as problem:
                unread[key] = Failure(str(problem), problem.cost_usd)
        told = {key: Failure(str(failure), None, not failure.again) for key, failure in failures.items()}
        otherwise = Failure(state.failed or "the judge's batch left it out", None, asked=False)
        self.register.close(batch, verdicts, told | unread, otherwise, self._plainer(failures, questions))

    def _plainer(self, failures: Mapping[str, CallFailed], questions: Questions) -> AbstractSet[str]:
        """The questions that failed for a field that the server does not know, and can be asked without it."""
        free: set[str] = set()
        for unsupported in sorted({failure.unsupported for failure in failures.values() if failure.unsupported}):
            keys = {key for key, failure in failures.items() if failure.unsupported == unsupported}
            asked = next((questions[key][1] for key in sorted(keys) if key in questions), None)
            if asked is not None and self.asker.step_down(unsupported, self.asker.supported(asked)):
                free |= keys
        return free

    def _discard(self, remote: str) -> None:
        """The server need not keep what people said; where it will not let go now, it does so after a month."""
        try:
            self.api.discard(remote)
        except CallFailed:
            return

    # -- sending -------------------------------------------------------------------------------------------------------

    def _send(self, questions: Questions) -> None:
        for keys in _chunks(questions):
            asked = [Question(key, questions[key][0], self.asker.bound(questions[key][1])[0]) for key in keys]
            claimed = self.register.claim(self.limits, asked)
            if claimed is not None:
                batch, taken = claimed
                self._send_batch(batch, {key: self.asker.supported(questions[key][1]) for key in keys if key in taken})

    def _send_batch(self, batch: Batch, requests: Mapping[str, Body]) -> None:
        try:
            remote = self.api.send(batch, requests, lambda: self.register.renew(batch))
        except CallFailed as problem:
            unknown = problem.billed or problem.status == 408 or (problem.status or 0) >= 500
            if not unknown:
                self.register.close(batch, {}, {}, Failure(str(problem), None, asked=False))
            self._trouble = str(problem)
            return
        if remote is not None:
            self.register.opened(batch, remote)


def _chunks(questions: Questions) -> Iterator[list[str]]:
    """The keys, cut where a batch would grow too large."""
    chunk: list[str] = []
    size = 0
    for key, (_, body) in questions.items():
        length = sum(len(message["content"].encode()) for message in body["messages"]) + 4096
        if chunk and (len(chunk) >= _MOST or size + length > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(key)
        size += length
    if chunk:
        yield chunk
