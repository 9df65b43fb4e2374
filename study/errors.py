"""Errors that are told to the user in one or two lines."""


class StudyError(Exception):
    """Something failed. Exit status 1."""

    exit_status = 1


class Stopped(StudyError):
    """The user stopped the work. Exit status 130, as shells have it for Ctrl-C."""

    exit_status = 130


class InputError(StudyError):
    """What the user gave is wrong: an option, a recipe, a table. Exit status 2."""

    exit_status = 2
