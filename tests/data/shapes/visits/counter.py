import itertools

_numbers = itertools.count(1)


def count():
    return next(_numbers)
