"""`npm run fuzz`: give every parser random foreign text until the time is up, and print what it does not take."""

from __future__ import annotations

import argparse
import time

from tests.fuzz.parsers import PARSERS
from tests.fuzz.searching import Find, crashes, slowness

_EXAMPLES, _SLOW_EXAMPLES = 300, 20
"""For each parser in each round."""


def main() -> int:
    """Fuzz, print the finds and the totals, and return 1 if there was a find."""
    parser = argparse.ArgumentParser(prog="npm run fuzz --", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to search (default: 1)")
    parser.add_argument("--only", default="", help="search only the parsers whose name contains this")
    chosen = parser.parse_args()
    until, rounds, finds = time.monotonic() + 60 * chosen.minutes, 0, dict[tuple[str, str], Find]()
    names = [name for name in PARSERS if chosen.only in name]
    searched = 0
    while time.monotonic() < until:
        for name in names:
            if time.monotonic() >= until and rounds:
                break
            searched += _EXAMPLES + _SLOW_EXAMPLES
            for found in (crashes(name, PARSERS[name], _EXAMPLES), slowness(name, PARSERS[name], _SLOW_EXAMPLES)):
                if found and (found.parser, found.went) not in finds:
                    finds[found.parser, found.went] = found
                    print(f"{found.parser}: {found.went}\n  given {found.given}", flush=True)  # noqa: T201 - a command
        rounds += 1
    print(f"{len(names)} parsers, {searched} examples, {len(finds)} finds")  # noqa: T201 - a command
    return 1 if finds else 0


if __name__ == "__main__":
    raise SystemExit(main())
