"""Real exporters against our decoding: each makes files with random weights, and its own code says what is in an image.

Not part of the service: `requirements.txt` beside this file belongs into an environment of its own.
"""
