setpriv --reuid=0 --regid=0 --clear-groups
