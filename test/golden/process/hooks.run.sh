printf %s '{"ociVersion":"1.3.0","id":"web","status":"creating","bundle":"/b"}' | env -i 'A=b c' '/usr/bin/note it' -v
