"""The evaluator's main loop: one question, one answer."""

import os
import signal

from _tureen import copies, expressions, jobs, log_file, trace
from _tureen.session import Session, Stopped
from _tureen.wire import Connection, flush

#: Raised whenever a message changes; both sides must agree.
VERSION = 2


def serve(raw):
    connection = Connection(raw)
    signal.signal(signal.SIGTERM, leave)
    connection.send({"version": VERSION, "python": trace.interpreter()})
    session = None
    while True:
        message, fds = connection.receive()
        ((word, content),) = message.items()
        if word == "load":
            session = Session(connection, content)
            connection.send(load(session, content["path"]))
        elif word == "call":
            connection.send([jobs.answer(session, call) for call in content])
        elif word == "params":
            connection.send(jobs.params(session, *content))
        elif word == "format":
            connection.send([jobs.formatted(session, request) for request in content])
        elif word == "run":
            connection.send(jobs.fork(session, connection, content, fds))
        elif word == "source":
            connection.send(jobs.source(session, content))
        elif word == "status":
            connection.send(jobs.status(content))
        elif word == "handle":
            connection.send(jobs.handle(session, *content))
        elif word == "expression":
            connection.send(session.functions.add(expressions.function(*content)))
        elif word == "report_rules":
            from _tureen import report

            connection.send(report.rules(session))
        elif word == "report":
            from _tureen import report

            try:
                connection.send({"made": report.made(session, content)})
            except Exception as error:
                connection.send({"error": trace.describe(error)})
        elif word == "said":
            log_file.pass_on(*content)
            connection.send(None)
        elif word == "made":
            session.made.update(content)
            connection.send(None)
        flush()


def load(session, path):
    try:
        session.load(path)
        return {"loaded": session.result()}
    except Stopped:
        return {"stopped": True}
    except SystemExit as error:
        return {"exited": error.code if isinstance(error.code, int) else int(error.code is not None)}
    except BaseException as error:
        data = trace.describe(error)
        if isinstance(error, KeyError):
            data["known"] = [key for key in session.globals.get("config", {}) if isinstance(key, str)]
        return {"failed": data}


def leave(_signal, _frame):
    jobs.kill_all()
    copies.end()
    os._exit(0)
