env -i PATH=/bin 'A=b c' sh -c 'echo it'\''s $HOME'
