"""main.py - measures one part of pm_jobs' workers and prints its figures

    python3 bench/workers/main.py [--short] PART

Run by bench/run.sh inside the sandbox.  --short: as little as shows that it works.
"""
import importlib
import sys

import figures


def main():
    arguments = sys.argv[1:]
    short = '--short' in arguments
    part, = [argument for argument in arguments if argument != '--short']
    importlib.import_module(part).measure(short)
    figures.show()


main()
