mknod -m 666 /var/lib/netd/c/rootfs/dev/null c 1 3
