def title(name):
    return name.strip().title()
