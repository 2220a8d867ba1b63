cd /var/lib/netd/c/rootfs
pivot_root . .
mount --make-rslave .
umount -l .
