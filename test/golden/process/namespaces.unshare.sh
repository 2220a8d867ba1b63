unshare --mount --uts --ipc --cgroup --net
