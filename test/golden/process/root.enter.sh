chroot .
