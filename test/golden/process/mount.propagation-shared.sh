mount --make-rshared /
mount --make-private "$(findmnt --noheadings --output TARGET --target /var/lib/netd/c/rootfs)"
