"""What tells who somebody is: numbers, accounts, mail, addresses, names. English, German and what their forms share."""
