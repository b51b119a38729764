"""Calls the documentation's `verify`, from the folder in the first argument, for each token on standard input."""
import sys

import jwt

sys.path.insert(0, sys.argv[1])
from verify import verify

for line in sys.stdin:
    try:
        print("accepted", verify(line.strip())["username"], flush=True)
    except jwt.PyJWTError as error:
        # One line, also where the message quotes a header that was tampered with.
        print(f"refused {type(error).__name__}: {str(error)!a}", flush=True)
