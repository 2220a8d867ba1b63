rmdir /sys/fs/cgroup/memory/netd/c1 /sys/fs/cgroup/cpu/netd/c1 /sys/fs/cgroup/pids/netd/c1 /sys/fs/cgroup/devices/netd/c1 /sys/fs/cgroup/blkio/netd/c1
