"""Reads the tables that kubectl prints."""
import re


class Row:
    """Its cells start where the header's do."""

    def __init__(self, header, line):
        starts = [match.start() for match in re.finditer(r'(?<=   )\S|^\S', header)]
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None])]
        self.cells = dict(zip(re.split(r' {3,}', header), cells))

    def identity(self):
        """(namespace, cluster, name), as far as there are such columns."""
        name = self.cells['NAME'].split()[0].rpartition('/')[2] if 'NAME' in self.cells else None
        return self.cells.get('NAMESPACE'), self.cells['CLUSTER'], name


def read_tables(text):
    """Of what kubectl prints for several kinds, a list of rows for each."""
    for block in text.strip('\n').split('\n\n'):
        header, *lines = block.splitlines()
        yield [Row(header, line) for line in lines]
