"""Every kind of work has a job, and every lane has a worker that does it."""

from hub.core.outbox import LANES_OF, Lane, Topic
from hub.core.settings import Settings
from hub.supervision.programs import hub_programs
from hub.worker import JOBS


def test_every_topic_has_a_job_that_can_be_done():
    """`hub/worker.py` is the only map from a topic to a job, and it is whole."""
    assert set(Topic) == JOBS.keys()
    assert all(callable(getattr(job, verb, None)) for job in JOBS.values() for verb in ("step", "finish"))


def test_every_topic_has_its_lanes_and_every_lane_its_work():
    """Nothing is put where nobody looks, and no worker waits for what never comes."""
    assert set(Topic) == LANES_OF.keys()
    assert set(Lane) == {lane for lanes in LANES_OF.values() for lane in lanes}
    assert all(LANES_OF.values())


def test_every_lane_has_a_worker_process(base_settings: Settings):
    """`make run` starts one for each, and one relay for all."""
    names = [program.name for program in hub_programs(base_settings, {})]

    assert {f"worker:{lane.value}" for lane in Lane} | {"relay"} <= set(names)
    assert len(names) == len(set(names))
