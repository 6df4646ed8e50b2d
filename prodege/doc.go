// Package prodege is the supplier's vocabulary: a survey project's status, update reason, event and CPI (cost per
// interview), the table of what each reason means, the signing of requests, and a client for the few Demand API
// calls this program makes.
//
// It parses at the edge: what leaves this package is typed. It decides nothing and knows neither Slack nor Temporal.
package prodege
