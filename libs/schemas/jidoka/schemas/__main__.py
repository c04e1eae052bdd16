"""`python -m jidoka.schemas DOCS_FOLDER` writes the generated documents."""

import sys
from pathlib import Path

from jidoka.schemas.documents import write

if len(sys.argv) != 2:
    sys.exit("usage: python -m jidoka.schemas DOCS_FOLDER")
write(Path(sys.argv[1]))
