package activities

// SlackWords says what a fault of slack-go's is and what people should do about it, without secrets.
func SlackWords(err error) string { return judgeSlack(err).words }
