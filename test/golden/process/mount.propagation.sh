mount --make-rprivate /
