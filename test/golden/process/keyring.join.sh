# in a session keyring of its own: keyctl session _ses.3f2a
