"""What stations of a make do in their own way, as data: what their statuses mean, how tolerantly to read them, what they consist of."""
