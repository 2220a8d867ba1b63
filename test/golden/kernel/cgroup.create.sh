mkdir -p /sys/fs/cgroup/memory/netd /sys/fs/cgroup/cpu/netd /sys/fs/cgroup/pids/netd /sys/fs/cgroup/devices/netd /sys/fs/cgroup/blkio/netd
echo a >/sys/fs/cgroup/devices/netd/devices.deny
echo 'c 1:3 rw' >/sys/fs/cgroup/devices/netd/devices.allow
echo 'c 136:* rwm' >/sys/fs/cgroup/devices/netd/devices.allow
mkdir -p /sys/fs/cgroup/memory/netd/c1 /sys/fs/cgroup/cpu/netd/c1 /sys/fs/cgroup/pids/netd/c1 /sys/fs/cgroup/devices/netd/c1 /sys/fs/cgroup/blkio/netd/c1
echo 67108864 >/sys/fs/cgroup/memory/netd/c1/memory.limit_in_bytes
echo 134217728 >/sys/fs/cgroup/memory/netd/c1/memory.memsw.limit_in_bytes
echo 100000 >/sys/fs/cgroup/cpu/netd/c1/cpu.cfs_period_us
echo 50000 >/sys/fs/cgroup/cpu/netd/c1/cpu.cfs_quota_us
echo 100 >/sys/fs/cgroup/pids/netd/c1/pids.max
