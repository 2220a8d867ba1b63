numactl --localalloc
