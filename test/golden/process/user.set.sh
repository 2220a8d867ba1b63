setpriv --reuid=1000 --regid=1001 --groups=5,7
