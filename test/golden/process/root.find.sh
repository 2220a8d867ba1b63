cd /proc/17/root
