taskset --cpu-list 0-1,3
