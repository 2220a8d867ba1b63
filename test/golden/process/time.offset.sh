echo 'boottime 86400 0' > /proc/self/timens_offsets
