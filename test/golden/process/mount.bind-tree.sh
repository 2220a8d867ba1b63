[ -d /data ] && mkdir -p /var/lib/netd/c/rootfs/data || { mkdir -p /var/lib/netd/c/rootfs; touch /var/lib/netd/c/rootfs/data; }
mount --rbind /data /var/lib/netd/c/rootfs/data
mount -o remount,bind,rw,suid /var/lib/netd/c/rootfs/data
mount --make-private /var/lib/netd/c/rootfs/data
mount --make-rshared /var/lib/netd/c/rootfs/data
mount -o remount,bind,dev=recursive,ro=recursive /var/lib/netd/c/rootfs/data
