mkdir -p /var/lib/netd/c/rootfs/srv/app
