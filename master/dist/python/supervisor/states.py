"""The states' numbers in the API."""


class ProcessStates:
    STOPPED = 0
    STARTING = 10
    RUNNING = 20
    BACKOFF = 30
    STOPPING = 40
    EXITED = 100
    FATAL = 200
    UNKNOWN = 1000


class SupervisorStates:
    FATAL = 2
    RUNNING = 1
    RESTARTING = 0
    SHUTDOWN = -1


STOPPED_STATES = (ProcessStates.STOPPED, ProcessStates.EXITED, ProcessStates.FATAL,
                  ProcessStates.UNKNOWN)
RUNNING_STATES = (ProcessStates.RUNNING, ProcessStates.BACKOFF, ProcessStates.STARTING)


def _name(states, code):
    return next((name for name, value in vars(states).items() if value == code), None)


def getProcessStateDescription(code):
    return _name(ProcessStates, code)


def getSupervisorStateDescription(code):
    return _name(SupervisorStates, code)
