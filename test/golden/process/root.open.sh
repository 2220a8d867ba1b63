mount --bind -o X-mount.idmap=/proc/self/fd/30 /l/2 /l/2
mount --bind -o X-mount.idmap=/proc/self/fd/30 /l/1 /l/1
mount --bind -o X-mount.idmap=/proc/self/fd/30 /c /c
mount -t overlay -o lowerdir=/l/2:/l/1,upperdir=/c/upper,workdir=/c/work overlay /var/lib/netd/c/rootfs
