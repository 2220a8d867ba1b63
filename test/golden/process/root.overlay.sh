mount -t overlay -o 'lowerdir=/l/2:/l/1\:a\,b,upperdir=/u,workdir=/w' overlay /var/lib/netd/c/rootfs
