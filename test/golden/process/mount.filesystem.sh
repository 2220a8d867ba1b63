mkdir -p /var/lib/netd/c/rootfs/dev
mount -t tmpfs -o nosuid,strictatime,mode=755,size=65536k tmpfs /var/lib/netd/c/rootfs/dev
