mkdir -p /sys/fs/cgroup/memory/netd/c1 /sys/fs/cgroup/cpu/netd/c1 /sys/fs/cgroup/pids/netd/c1 /sys/fs/cgroup/devices/netd/c1 /sys/fs/cgroup/blkio/netd/c1 /sys/fs/cgroup/cpuset/netd/c1
grep -q . /sys/fs/cgroup/cpuset/netd/cpuset.cpus || cat /sys/fs/cgroup/cpuset/cpuset.cpus >/sys/fs/cgroup/cpuset/netd/cpuset.cpus
grep -q . /sys/fs/cgroup/cpuset/netd/cpuset.mems || cat /sys/fs/cgroup/cpuset/cpuset.mems >/sys/fs/cgroup/cpuset/netd/cpuset.mems
grep -q . /sys/fs/cgroup/cpuset/netd/c1/cpuset.cpus || cat /sys/fs/cgroup/cpuset/netd/cpuset.cpus >/sys/fs/cgroup/cpuset/netd/c1/cpuset.cpus
grep -q . /sys/fs/cgroup/cpuset/netd/c1/cpuset.mems || cat /sys/fs/cgroup/cpuset/netd/cpuset.mems >/sys/fs/cgroup/cpuset/netd/c1/cpuset.mems
echo 0-1 >/sys/fs/cgroup/cpuset/netd/c1/cpuset.cpus
echo 0 >/sys/fs/cgroup/cpuset/netd/c1/cpuset.mems
echo 67108864 >/sys/fs/cgroup/memory/netd/c1/memory.limit_in_bytes
echo 33554432 >/sys/fs/cgroup/memory/netd/c1/memory.soft_limit_in_bytes
echo 10 >/sys/fs/cgroup/memory/netd/c1/memory.swappiness
echo 512 >/sys/fs/cgroup/cpu/netd/c1/cpu.shares
echo 100000 >/sys/fs/cgroup/cpu/netd/c1/cpu.cfs_period_us
echo 50000 >/sys/fs/cgroup/cpu/netd/c1/cpu.cfs_quota_us
echo 10000 >/sys/fs/cgroup/cpu/netd/c1/cpu.cfs_burst_us
echo max >/sys/fs/cgroup/pids/netd/c1/pids.max
echo 500 >/sys/fs/cgroup/blkio/netd/c1/blkio.bfq.weight
echo '8:0 100' >/sys/fs/cgroup/blkio/netd/c1/blkio.bfq.weight_device
echo '8:0 1048576' >/sys/fs/cgroup/blkio/netd/c1/blkio.throttle.read_bps_device
echo '8:16 100' >/sys/fs/cgroup/blkio/netd/c1/blkio.throttle.write_iops_device
