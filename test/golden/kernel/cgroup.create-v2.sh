echo '+memory +cpu +pids +io' >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/netd
echo '+memory +cpu +pids +io' >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/netd
echo '+memory +cpu +pids +io' >/sys/fs/cgroup/netd/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/netd/c1
echo 67108864 >/sys/fs/cgroup/netd/c1/memory.max
echo 67108864 >/sys/fs/cgroup/netd/c1/memory.swap.max
echo '50000 100000' >/sys/fs/cgroup/netd/c1/cpu.max
echo 100 >/sys/fs/cgroup/netd/c1/pids.max
