"""csv_peer.py - random files for print_csv, and what Python's csv module reads in them

    csv_peer.py PRINT_CSV DIRECTORY SEED COUNT

Half of the files are written by csv.writer from random values; the others are garbage of
the same characters.  Values must be the same where both readers say what they are: records
of blanks count for neither, nor do empty values at the end; a file that Python refuses must
have a fault; and where a garbage file has a quoted line end and a fault, we look for the
end of the record again and Python does not.  Prints one line of TAP for each kind of file.
"""
import csv
import io
import os
import random
import subprocess
import sys

printer, directory, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
STRAY_QUOTE = 3
COUNTS = (5, 6)  # too few, too many


def dialect():
    """A dialect that both know."""
    quote = chance.choice(['"', "'", ''])
    escape = chance.choice(['', '\\', '^']) if quote else chance.choice(['\\', ''])
    return {
        'delimiter': chance.choice(';,\t|:'),
        'quotechar': quote or None,
        'escapechar': escape or None,
        'doublequote': True,
        'quoting': csv.QUOTE_NONE if not quote else chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        'lineterminator': chance.choice(['\n', '\r\n', '\r']),
    }


def value(options):
    """A random value that the dialect can write."""
    some = ['a', 'b', 'word', '12', ' ', 'é', '€', '語', 'x' * 70]
    if options['quotechar']:
        # csv.writer does not quote a line end that is none of its own
        some += [';', ',', '|', '"', "'", '\t', options['lineterminator']]
    return ''.join(chance.choice(some) for _ in range(chance.randrange(6)))


def written(options):
    """A file of csv.writer; writers escape what they need not, and never a line end here."""
    out = io.StringIO()
    writer = csv.writer(out, **options)
    columns = chance.randrange(1, 8)
    for _ in range(chance.randrange(1, 30)):
        writer.writerow(['v' + value(options) for _ in range(columns)])
    return out.getvalue()


def garbage(options):
    """Characters of the dialect in any order."""
    some = ['a', 'b', ' ', 'é', '\n', '\r\n', options['delimiter'], options['delimiter'], options['quotechar'] or 'c']
    return ''.join(chance.choice(some) for _ in range(chance.randrange(1, 120)))


def python_rows(text, options):
    """What Python reads; None if it refuses."""
    keep = {k: v for k, v in options.items() if k != 'lineterminator'}
    try:
        return list(csv.reader(io.StringIO(text, newline=''), strict=True, **keep))
    except csv.Error:
        return None


def our_rows(path, options):
    """Values and faults that we read."""
    command = [printer, path, options['delimiter'], options['quotechar'] or '', options['escapechar'] or '']
    rows, faults = [], []
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        values, fault = line.rsplit(' ', 1)
        rows.append([bytes.fromhex(v).decode('utf-8') for v in values.split(',')[:-1]])
        faults.append(int(fault))
    return rows, faults


def normal(rows):
    """Rows without those of blanks, values without empty ones at the end."""
    out = []
    for row in rows:
        while row and row[-1] == '':
            row = row[:-1]
        if any(v.strip(' \t') for v in row):
            out.append(row)
    return out


def compare(kind, make, number):
    """One line of TAP; a comment with the first file that differs."""
    compared = refused = different = 0
    path = os.path.join(directory, 'peer.csv')
    for _ in range(count):
        options = dialect()
        text = make(options)
        with open(path, 'w', encoding='utf-8', newline='') as file:
            file.write(text)
        theirs = python_rows(text, options)
        ours, faults = our_rows(path, options)
        if theirs is None:
            refused += 1
            same = any(f not in (0,) + COUNTS for f in faults)
        elif make is garbage and any(faults) and any('\n' in v or '\r' in v for r in theirs for v in r):
            continue
        else:
            compared += 1
            same = normal(ours) == normal(theirs)
            same = same and all(f in (0, STRAY_QUOTE) + COUNTS for f in faults)
            same = same and (make is garbage or not any(faults))
        if not same:
            different += 1
            if different == 1:
                print(f'# {options}\n# text {text!r}\n# theirs {theirs}\n# ours {ours} {faults}')
    enough = compared > count // 3 and (make is written or refused > 0)
    print(f'{"ok" if different == 0 and enough else "not ok"} {number} - {kind}: {compared} files read alike, {refused} refused by both, {different} not')


compare('written by csv.writer', written, 1)
compare('garbage', garbage, 2)
print('1..2')
