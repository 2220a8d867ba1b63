if [ -e /var/lib/netd/c/rootfs/proc/sys ]; then mount --rbind /var/lib/netd/c/rootfs/proc/sys /var/lib/netd/c/rootfs/proc/sys; mount -o remount,bind,ro /var/lib/netd/c/rootfs/proc/sys; fi
