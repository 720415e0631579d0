def line(name, value):
    return f"{name}: {value}"
