"""The table's index of what changed last: the data stack makes it, and the tasks list conversations by it."""

CHANGE_INDEX = "by-change"
