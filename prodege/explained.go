package prodege

// Explained reports whether the tables know what the event means.
func (e Event) Explained() bool { return e.Meaning() != unknown(e) }
