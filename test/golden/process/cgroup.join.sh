echo 0 > /sys/fs/cgroup/memory/netd/x/tasks
echo 0 > /sys/fs/cgroup/pids/netd/x/tasks
