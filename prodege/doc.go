// Package prodege is the supplier's vocabulary: what a survey project's status, update reason, event and
// CPI (cost per interview) are, the one table that says what each reason means, how requests are signed,
// and a client for the few Demand API calls this program makes.
//
// It parses at the edge: what leaves this package is typed. It decides nothing and knows neither Slack
// nor Temporal.
package prodege
