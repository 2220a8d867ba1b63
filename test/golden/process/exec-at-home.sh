env -i PATH=/bin HOME="$HOME" sh
