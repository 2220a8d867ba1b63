[ -d '/data dir' ] && mkdir -p /var/lib/netd/c/rootfs/data || { mkdir -p /var/lib/netd/c/rootfs; touch /var/lib/netd/c/rootfs/data; }
mount --rbind '/data dir' /var/lib/netd/c/rootfs/data
mount -o remount,bind,ro,nosuid /var/lib/netd/c/rootfs/data
mount --make-rslave /var/lib/netd/c/rootfs/data
