mkdir -p /var/lib/netd/c/rootfs/proc
mount -t proc proc /var/lib/netd/c/rootfs/proc
