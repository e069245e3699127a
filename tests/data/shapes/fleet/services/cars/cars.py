CARS = ["van", "truck"]
