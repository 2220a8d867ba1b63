numactl --membind=0-1
