echo '+memory +cpu +pids +io +cpuset +hugetlb +rdma' >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/netd
echo '+memory +cpu +pids +io +cpuset +hugetlb +rdma' >/sys/fs/cgroup/netd/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/netd/c1
echo 0-1 >/sys/fs/cgroup/netd/c1/cpuset.cpus
echo 0 >/sys/fs/cgroup/netd/c1/cpuset.mems
echo 67108864 >/sys/fs/cgroup/netd/c1/memory.max
echo 33554432 >/sys/fs/cgroup/netd/c1/memory.low
echo 59 >/sys/fs/cgroup/netd/c1/cpu.weight
echo '50000 100000' >/sys/fs/cgroup/netd/c1/cpu.max
echo 10000 >/sys/fs/cgroup/netd/c1/cpu.max.burst
echo max >/sys/fs/cgroup/netd/c1/pids.max
echo 500 >/sys/fs/cgroup/netd/c1/io.bfq.weight
echo '8:0 100' >/sys/fs/cgroup/netd/c1/io.bfq.weight
echo '8:0 rbps=1048576' >/sys/fs/cgroup/netd/c1/io.max
echo '8:16 wiops=100' >/sys/fs/cgroup/netd/c1/io.max
echo 4194304 >/sys/fs/cgroup/netd/c1/hugetlb.2MB.max
echo 'mlx5_1 hca_handle=3 hca_object=10' >/sys/fs/cgroup/netd/c1/rdma.max
