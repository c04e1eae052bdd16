import subprocess
import sys

ROUNDS, BLOCKS, MEGABYTES = 20, 4, 8
SCRIPT = f"""
import resource
from jidoka.runtime.memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({ROUNDS}):
        blocks = [bytearray({MEGABYTES} * 2**20) for _ in range({BLOCKS})]
        for block in blocks:
            block[::4096] = bytes({MEGABYTES} * 256)
        del blocks, block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
keep_freed_memory()
faults()
print(faults())
"""


def test_large_blocks_that_were_freed_are_used_again_and_not_asked_for_anew() -> None:
    answer = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, after = map(int, answer.stdout.split())
    pages = ROUNDS * BLOCKS * MEGABYTES * 256
    assert before > pages / 2
    assert after < pages / 100
