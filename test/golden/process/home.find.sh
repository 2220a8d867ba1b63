export HOME="$(awk -F: '$3 == 1000 { print $6; exit }' /etc/passwd)"
: "${HOME:=/}"
