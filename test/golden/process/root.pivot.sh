cd /var/lib/netd/c/rootfs
pivot_root . .
umount -l .
