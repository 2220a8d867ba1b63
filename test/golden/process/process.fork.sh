unshare --pid --fork
