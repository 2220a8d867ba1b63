[ -d /etc/hosts ] && mkdir -p /var/lib/netd/c/rootfs/etc/hosts || { mkdir -p /var/lib/netd/c/rootfs/etc; touch /var/lib/netd/c/rootfs/etc/hosts; }
mount --bind /etc/hosts /var/lib/netd/c/rootfs/etc/hosts
