setpriv --no-new-privs
