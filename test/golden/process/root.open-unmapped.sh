mount --rbind /var/lib/netd/c/rootfs /var/lib/netd/c/rootfs
