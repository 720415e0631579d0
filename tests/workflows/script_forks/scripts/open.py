"""What an interpreter does when it ends is done: files are written, functions called, threads waited for."""

import atexit
import threading
import time

kept = open(snakemake.output[0], "w")
kept.write("the file that was left open\n")
atexit.register(lambda: kept.write("at exit\n"))


def later():
    time.sleep(0.2)
    kept.write("the thread\n")


threading.Thread(target=later).start()
