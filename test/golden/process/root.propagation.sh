mount --make-shared /
