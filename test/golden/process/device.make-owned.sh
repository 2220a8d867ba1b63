mknod -m 600 /var/lib/netd/c/rootfs/dev/p p
chown 5:6 /var/lib/netd/c/rootfs/dev/p
