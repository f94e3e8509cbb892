"""Examines networks before, while and after they learn, as closely as the time allows."""

from __future__ import annotations

from napari_unet.models.pack import Pack
from napari_unet.networks.network import Network
from napari_unet.schema.scores import Scores
from napari_unet.schema.settings import MaskSettings
from napari_unet.training.budget import Budget
from napari_unet.training.exam_area import PROBE_PX, area, within
from napari_unet.training.judging import Judgement, judge
from napari_unet.training.lesson import Lesson
from napari_unet.training.replay import replay_score

PROBE_PICTURES = 4


class Examiner:
    """Looks at the masks of networks, always at the same pixels, and at what they have forgotten.

    Parameters
    ----------
    network
        Is asked a little first, to see how much can be asked in the time that there is.
    lesson
        What is held out.
    pack
        Pictures that are not to be forgotten, if there are any.
    budget
        Remembers how long it took.
    """

    def __init__(self, network: Network, lesson: Lesson, pack: Pack | None, budget: Budget) -> None:
        self._budget, self._mask = budget, lesson.mask
        self._seen: list[tuple[Scores, Judgement]] = []
        self._pack = self._pictures(network, pack)
        self.exams = list(lesson.exams)
        if area(self.exams) > PROBE_PX:
            probe = within(self.exams, PROBE_PX)
            with budget.timing("probe"):
                judge(network, probe, self._mask)
            self.exams = within(self.exams, max(PROBE_PX, budget.in_share("probe", area(probe))))
        if lesson.taught:  # at the end masks of what it learnt are looked at, too
            budget.judgements += area(within(lesson.taught, PROBE_PX)) / area(self.exams)

    def judge(self, network: Network, mask: MaskSettings | None = None) -> Judgement:
        """How good the masks of a network are; it is left as it was."""
        with self._budget.timing("judgement"):
            return judge(network, self.exams, mask or self._mask)

    def test(self, network: Network) -> Scores:
        """The same in few numbers, for a network that is learning."""
        judgement = self.judge(network)
        scores = judgement.scores.plain
        self._seen.append((scores, judgement))
        return scores

    def judgement(self, scores: Scores | None) -> Judgement | None:
        """What a test has found that had these scores; None of one before an interruption."""
        return next((found for seen, found in self._seen if seen is scores), None)

    def memory(self, network: Network) -> float | None:
        """How well a network knows what it is not to forget; None where there is nothing."""
        with self._budget.timing("memory"):
            return None if self._pack is None else replay_score(network, self._pack)

    def _pictures(self, network: Network, pack: Pack | None) -> Pack | None:
        """As many pictures as there is time for."""
        if pack is None or len(pack) <= PROBE_PICTURES:
            return pack
        with self._budget.timing("pictures"):
            replay_score(network, _first(pack, PROBE_PICTURES))
        most = self._budget.in_share("pictures", PROBE_PICTURES)
        return _first(pack, max(PROBE_PICTURES, most))


def _first(pack: Pack, pictures: int) -> Pack:
    return Pack(pack.images[:pictures], pack.targets[:pictures], pack.confidence[:pictures])
