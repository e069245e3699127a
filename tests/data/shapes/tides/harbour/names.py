ALL = ["Cuxhaven", "Husum"]
