keyctl session _ses.3f2a
