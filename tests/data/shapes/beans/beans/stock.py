from importlib.resources import files


def listed():
    return files(__package__).joinpath("stock.csv").read_text()
