findmnt --noheadings --list --types proc,sysfs --output TARGET | tac | xargs -n 1 umount -l
cd /var/lib/netd/c/rootfs
mount --move . /
