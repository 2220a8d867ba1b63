echo 1 >/sys/fs/cgroup/netd/c1/cgroup.kill
rmdir /sys/fs/cgroup/netd/c1
