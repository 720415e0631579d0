where = "the scripts"
