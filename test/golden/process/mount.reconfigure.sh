mount -o remount,nosuid,size=1m /var/lib/netd/c/rootfs/tmp
