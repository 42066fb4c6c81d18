"""Names of processes."""


def make_namespec(group_name, process_name):
    """The name that the API uses: only the process's name if the group has the same name."""
    return process_name if group_name == process_name else "%s:%s" % (group_name, process_name)


def split_namespec(namespec):
    """The group and the process of such a name; process None = all of the group."""
    group, colon, process = namespec.partition(":")
    if not colon:
        return namespec, namespec
    return group, None if process in ("", "*") else process
