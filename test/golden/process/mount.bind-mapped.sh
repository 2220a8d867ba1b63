[ -d "$mapped" ] && mkdir -p /var/lib/netd/c/rootfs/data || { mkdir -p /var/lib/netd/c/rootfs; touch /var/lib/netd/c/rootfs/data; }
mount --bind "$mapped" /var/lib/netd/c/rootfs/data
