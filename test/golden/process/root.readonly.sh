mount -o remount,bind,ro /var/lib/netd/c/rootfs
