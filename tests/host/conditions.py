"""Label and field selectors, evaluated on an object."""
import re


class BadSelector(ValueError):
    pass


def parse_labels(text):
    """A predicate over a dict of labels."""
    terms = []
    for term in re.findall(r'(?:[^,(]|\([^)]*\))+', text):
        term = term.strip()
        match = re.fullmatch(r'([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)', term)
        several = re.fullmatch(r'([^\s=!,()]+)\s+(in|notin)\s+\(([^)]*)\)', term)
        exists = re.fullmatch(r'(!?)\s*([^\s=!,()]+)', term)
        if match:
            key, operator, value = match.groups()
            terms.append((key, operator == '!=', {value}))
        elif several:
            terms.append((several[1], several[2] == 'notin', {value.strip() for value in several[3].split(',')}))
        elif exists:
            terms.append((exists[2], exists[1] == '!', None))
        else:
            raise BadSelector('unable to parse requirement: %r' % term)

    def matches(labels):
        return all((key in labels and (values is None or labels[key] in values)) != negated for key, negated, values in terms)
    return matches


def parse_fields(text):
    """A predicate over an object."""
    terms = []
    for term in filter(None, text.split(',')):
        match = re.fullmatch(r'([^=!]+)(==|=|!=)(.*)', term)
        if not match:
            raise BadSelector('invalid selector: %r' % text)
        terms.append((match[1].split('.'), match[2] == '!=', match[3]))

    def value(item, path):
        for key in path:
            item = item.get(key, '') if isinstance(item, dict) else ''
        return str(item)
    return lambda item: all((value(item, path) == want) != negated for path, negated, want in terms)


def of_query(query):
    """A predicate over an object: labelSelector and fieldSelector of {key: [values]}."""
    by_label = parse_labels(query.get('labelSelector', [''])[0])
    by_field = parse_fields(query.get('fieldSelector', [''])[0])
    return lambda item: by_label(item['metadata'].get('labels') or {}) and by_field(item)
