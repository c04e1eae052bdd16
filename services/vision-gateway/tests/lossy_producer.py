"""The producer's process behind a network that loses packets: of so many images each first one comes incomplete.

`lossy_producer.py JSON`, JSON as genicam_process takes it; LOSE says of how many (1: of each one).
"""

import itertools
import os

from genicam import gentl

from jidoka.vision_gateway.cameras import genicam_process

whole, seen, every = gentl.Buffer.is_complete, itertools.count(), int(os.environ["LOSE"])
gentl.Buffer.is_complete = lambda buffer: bool(next(seen) % every) and whole(buffer)
genicam_process.main()
