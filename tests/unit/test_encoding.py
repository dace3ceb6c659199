"""Several payloads at a time, in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from random import Random

import pytest

from publisher import encoding
from publisher.encoding import Job, encode_all
from publisher.errors import PayloadError
from publisher.payload import Base, encode_delta, encode_full

IMAGES = [Random(number).randbytes(30000) for number in (1, 2)]
MEMORY = 28672
# Work for long enough that it can be interrupted.
INTERRUPTED = """
import sys
from multiprocessing import active_children
from random import Random

from publisher.encoding import Job, encode_all
from publisher.payload import Base

def told(done, total):
    print("told", flush=True)

if __name__ == "__main__":
    image, old = Random(1).randbytes(2000000), Random(2).randbytes(2000000)
    try:
        encode_all([Job(image, 28672, Base(old, bytes([n]) * 32)) for n in (1, 2, 3, 4)], told)
    except KeyboardInterrupt:
        sys.exit(1 if active_children() else 130)
"""


@pytest.fixture
def workers(monkeypatch):
    """Work of any size is worth workers."""
    monkeypatch.setattr(encoding, "_WORTH_WORKERS_BYTES", 0)


def jobs():
    base = Base(IMAGES[1], bytes(range(32)))
    return [Job(IMAGES[0], MEMORY), Job(IMAGES[0], MEMORY, base)]


def test_workers_give_the_same_bytes_in_the_same_order_and_leave_nothing_behind(workers):
    told = []
    before = set(active_children())
    encoded = encode_all(jobs(), lambda *progress: told.append(progress))
    base = Base(IMAGES[1], bytes(range(32)))
    assert encoded == [encode_full(IMAGES[0], MEMORY), encode_delta(base, IMAGES[0], MEMORY)]
    assert told[-1] == (60000, 60000)
    assert set(active_children()) == before


def test_little_work_is_done_in_this_process_and_told_all_the_same(monkeypatch):
    monkeypatch.delattr(encoding, "_workers")
    told = []
    assert len(encode_all(jobs(), lambda *progress: told.append(progress))) == 2
    assert told == sorted(told)
    assert told[-1] == (60000, 60000)


def test_what_goes_wrong_in_a_worker_is_told_here(workers):
    with pytest.raises(PayloadError, match="image_size is 0"):
        encode_all([*jobs(), Job(b"", MEMORY)], lambda done, total: None)
    assert not active_children()


def test_a_worker_that_is_ended_is_an_error_and_no_endless_wait(workers, monkeypatch):
    monkeypatch.setattr(encoding, "_run", _end_itself)
    with pytest.raises(PayloadError, match="was ended") as caught:
        encode_all(jobs(), lambda done, total: None)
    assert "memory" in caught.value.hint


def _end_itself(job, name, at):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("whom", ["the process", "its group"])
def test_ctrl_c_ends_all_of_it_at_once(tmp_path, whom):
    script = tmp_path / "work.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    )
    assert process.stdout.readline() == "told\n"
    began = time.monotonic()
    end = os.kill if whom == "the process" else os.killpg
    end(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "")
    assert time.monotonic() - began < 5
