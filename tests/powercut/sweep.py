"""The sweep: every point in a class, every class run to the end on a virtual board."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from tests.powercut.bench import Bench, Life, Workshop
from tests.powercut.boots import Starts, known_images, start_everywhere
from tests.powercut.classes import PointClass, classify
from tests.powercut.journal import read_journal
from tests.powercut.points import PROGRAMMED, Point, all_points, flash_at, region
from tests.powercut.recording import Recording
from tests.powercut.trees import ROLES, Tree, Trees, look_at_cuts, versions
from tests.powercut.verdict import Judge, Traffic, Verdict, older

# What a job is for.
CLASS, MEMBER, OLD_EDGE, DOUBLE = "class", "another member", "old edge", "cut again"


@dataclass(frozen=True)
class Job:
    """One point to be run.

    Attributes:
        group: the class that it is a member of.
        seed: of the second cut, where there is one.
    """

    aim: str
    point: Point
    group: PointClass
    seed: int = 0

    def __str__(self) -> str:
        ending = {OLD_EDGE: "@old", DOUBLE: f"#{self.seed}"}.get(self.aim, "")
        return f"{self.point}{ending}"


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        extra_bytes: fetched beyond what an uninterrupted update still had to fetch.
        ranges: path and range of every request.
    """

    job: Job
    verdict: Verdict
    extra_bytes: int
    ranges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sizes:
    """How much of a sweep to run; 0 is all of it, where there is an all.

    Attributes:
        classes: of each phase.
        bytes: look at the filesystem after each so many bytes.
        members: more members of the large classes.
        old_edges: trees of files with which a board meets an edge with older metadata.
        doubles: cuts whose recovery is cut again.
    """

    classes: int = 0
    bytes: int = 1
    members: int = 60
    old_edges: int = 0
    doubles: int = 60


@dataclass
class Sweep:
    """What a sweep has found.

    Attributes:
        lost: trusted metadata that some point on the filesystem itself lost, with its points.
        unequal: jobs that did not do the same as the representative of their class.
    """

    trees: Trees
    classes: list[PointClass]
    starts: Starts
    lost: list[str]
    outcomes: list[Outcome] = field(default_factory=list)
    unequal: list[Job] = field(default_factory=list)

    @property
    def points(self) -> int:
        """Points of the whole journal."""
        return sum(len(group) for group in self.classes)

    @property
    def failures(self) -> list[Outcome]:
        """Jobs after which something was wrong."""
        return [outcome for outcome in self.outcomes if outcome.verdict.problems]

    @property
    def is_good(self) -> bool:
        """Whether nothing at all was wrong."""
        return not (self.failures or self.lost or self.unequal or self.starts.bad)


class Sweeper:
    """Sweeps one recording.

    Args:
        seed: of every choice that is made.
        tell: callable (done, total, failures), after each job.
    """

    def __init__(
        self,
        recording: Recording,
        workshop: Workshop,
        seed: int = 0,
        tell: Callable[[int, int, int], None] | None = None,
    ) -> None:
        self._recording = recording
        self._workshop = workshop
        self._random = Random(seed)
        self._tell = tell
        self._traffic = Traffic(recording)
        self._step = 1

    def sweep(self, sizes: Sizes) -> Sweep:
        """Do all of it."""
        self._step = sizes.bytes
        found = self.look(sizes.bytes)
        jobs = self._jobs(found.classes, sizes)
        for outcome in self.run(found, jobs):
            found.outcomes.append(outcome)
            if self._tell:
                self._tell(len(found.outcomes), len(jobs), len(found.failures))
        found.unequal = list(unequal(found.outcomes))
        return found

    def look(self, step: int = 1) -> Sweep:
        """What needs no board: the files and the bootloader at every point."""
        recording = self._recording
        trees = look_at_cuts(recording.base, recording.operations, step)
        classes = classify(recording, trees)
        assert sum(map(len, classes)) == sum(map(len, all_points(recording.operations)))
        images = known_images({"old": recording.old.data, "new": recording.new.data})
        starts = start_everywhere(recording.base, recording.operations, images)
        return Sweep(trees, classes, starts, lost_by_files(trees))

    def run(self, found: Sweep, jobs: list[Job]) -> Iterator[Outcome]:
        """What comes of jobs on the classes of a sweep, in their order."""
        judge = Judge(self._recording, found.trees.trees[found.trees.end])

        def work(bench: Bench, job: Job) -> Outcome:
            return self._run(bench, job, judge, found.trees.trees[job.group.tree])

        return self._workshop.each(jobs, work)

    def _jobs(self, classes: list[PointClass], sizes: Sizes) -> list[Job]:
        groups = self._some_of_each_phase(classes, sizes.classes)
        jobs = [Job(CLASS, self._member(group), group) for group in groups]
        large = [group for group in groups if len(group) > 1]
        jobs += [self._job(MEMBER, large) for _ in range(sizes.members)]
        jobs += [self._job(DOUBLE, groups, seed) for seed in range(1, sizes.doubles + 1)]
        first = {group.tree: group for group in reversed(classes)}
        old = sorted(first)[:: max(1, len(first) // sizes.old_edges)] if sizes.old_edges else first
        return jobs + [Job(OLD_EDGE, self._member(first[tree]), first[tree]) for tree in old]

    def _some_of_each_phase(self, classes: list[PointClass], count: int) -> list[PointClass]:
        phases: dict[str, list[PointClass]] = {}
        for group in classes:
            phases.setdefault(group.phase, []).append(group)
        chosen = []
        for groups in phases.values():
            chosen += self._random.sample(groups, count) if 0 < count < len(groups) else groups
        return chosen

    def _member(self, group: PointClass) -> Point:
        point = group.point(self._random.randrange(len(group)))
        if point.kind != PROGRAMMED:
            return point
        # What was not looked at may be of another class.
        return replace(point, at=point.at // self._step * self._step)

    def _job(self, aim: str, groups: list[PointClass], seed: int = 0) -> Job:
        group = self._random.choice(groups)
        return Job(aim, self._member(group), group, seed)

    def _run(self, bench: Bench, job: Job, judge: Judge, cut: Tree) -> Outcome:
        flash = flash_at(self._recording.base, self._recording.operations, job.point)
        if job.aim == OLD_EDGE:
            life = bench.live(flash, is_edge_old=True)
            return Outcome(job, judge.judge_kept(cut, life), 0, life.ranges)
        if job.aim == DOUBLE:
            lives = live_twice(bench, flash, job.seed)
            return Outcome(job, judge.judge(cut, *lives), 0, ())
        life = bench.live(flash)
        extra = life.sent_bytes - self._traffic.left_bytes(job.point.number)
        return Outcome(job, judge.judge(cut, life), extra, life.ranges)


def live_twice(
    bench: Bench,
    flash: bytes,
    seed: int,
    on_line: Callable[[int, str], None] | None = None,
) -> tuple[Life, Life]:
    """Let a board recover, cut that too, anywhere, and let it recover again."""
    first = bench.live(flash, is_journalled=True, on_line=on_line)
    operations, _ = read_journal(bench.journal)
    random = Random(seed)
    # First where and then what, or nearly all would fall into the slot.
    place = random.choice(sorted({region(operation) for operation in operations}) or [""])
    numbers = [i for i, operation in enumerate(operations) if region(operation) == place] or [0]
    number = random.choice(numbers)
    inside = [span for span in all_points(operations) if span.number == number]
    span = random.choice(inside)
    again = flash_at(flash, operations, span.point(random.randrange(len(span))))
    return first, bench.live(again, on_line=on_line)


def lost_by_files(trees: Trees) -> list[str]:
    """The points on the filesystem with older trusted metadata than points before them."""
    found: list[str] = []
    best = dict.fromkeys(ROLES, 1)
    for number in sorted(trees.spans):
        for span, tree in trees.spans[number]:
            held = versions(trees.trees[tree])
            found += [f"{span.point(0)}: {problem}" for problem in older(best, held)]
            best = {role: max(best[role], held[role]) for role in ROLES}
    return found


def unequal(outcomes: list[Outcome]) -> Iterator[Job]:
    """Jobs whose board asked for something else than the representative of its class."""
    said = {id(one.job.group): one.ranges for one in outcomes if one.job.aim == CLASS}
    for outcome in outcomes:
        if outcome.job.aim == MEMBER and outcome.ranges != said[id(outcome.job.group)]:
            yield outcome.job
