"""figures.py - what was measured, what it should be, and the table of both

A figure has a value for each round; its median is shown, with the range, and held
against the target.  A ratio is the median of the ratios of each round, so that drift
of the machine hits both sides alike.
"""
import statistics
import sys

_samples = {}  # (test, figure): values, in order of the rounds
_targets = {}  # (test, figure): (least, most)
_notes = []


def add(test, figure, sample, at_least=None, at_most=None):
    """Notes the value of one round; who waits at a terminal sees it."""
    _samples.setdefault((test, figure), []).append(sample)
    _targets[test, figure] = (at_least, at_most)
    if sys.stderr.isatty():
        print(f'{test}: {figure}: {_number(sample)}', file=sys.stderr)


def forget():
    """What was noted so far does not count."""
    _samples.clear()


def ratio(test, figure, of, to, at_least=None, at_most=None):
    """Adds the ratios of two figures of the test, round by round."""
    for upper, lower in zip(_samples.get((test, of), []), _samples.get((test, to), [])):
        add(test, figure, upper / lower, at_least, at_most)


def quantiles(test, name, values, unit, targets=None):
    """Adds p50, p99 and the like of values of all rounds; targets: most, by quantile."""
    ordered = sorted(values)
    for quantile in (50, 95, 99):
        most = (targets or {}).get(quantile)
        add(test, f'{name} p{quantile} {unit}', ordered[min(len(ordered) - 1, len(ordered) * quantile // 100)], at_most=most)


def present(queues):
    """The queues that can be measured here; notes why others cannot."""
    for queue in queues:
        if queue.missing():
            note(f'absent: {queue.name}: {queue.missing()}')
    return [queue for queue in queues if not queue.missing()]


def note(text):
    """A line under the table."""
    if text not in _notes:
        _notes.append(text)


def _number(number):
    if abs(number) >= 1000:
        return f'{number:.0f}'
    return f'{number:.3g}' if abs(number) >= 0.1 else f'{number:.3f}'


def _rows():
    for (test, figure), samples in _samples.items():
        median = statistics.median(samples)
        least, most = _targets[test, figure]
        spread = f'{_number(min(samples))} - {_number(max(samples))}' if len(samples) > 1 else ''
        target = f'at least {_number(least)}' if least is not None else f'at most {_number(most)}' if most is not None else ''
        met = (least is None or median >= least) and (most is None or median <= most)
        yield test, figure, _number(median), spread, target, ('met' if met else 'MISSED') if target else ''


def show():
    """Prints the table."""
    heads = ('test', 'figure', 'value', 'range', 'target', 'verdict')
    rows = list(_rows())
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    print(' ' + ' | '.join(head.center(width) for head, width in zip(heads, widths)).rstrip())
    print('-' + '-+-'.join('-' * width for width in widths))
    for row in rows:
        cells = [cell.rjust(width) if i in (2, 3) else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        print((' ' + ' | '.join(cells)).rstrip())
    for line in _notes:
        print(line)
    print()
