package config

// variable is a variable that Load or Temporal's envconfig reads.
type variable struct {
	name     string
	fallback string // the default; empty: none
	like     string // the variable whose value is the default
	required Part   // the parts that don't start without it
	missing  string // what to write, if it is required and that needs an explanation
	secret   bool
	rule     rule // nil: any text
}

// variables are all that Load reads, in the order in which faults are reported. Both processes require the same ones, so
// that one file serves both and either process reports a fault in it.
var variables = []variable{
	{name: "HTTP_ADDR", fallback: ":8080", rule: listen},
	{name: "INGRESS_ADMIN_ADDR", fallback: "127.0.0.1:8082", rule: listen},
	{name: "WORKER_HTTP_ADDR", fallback: ":8081", rule: listen},
	{name: "LOG_LEVEL", fallback: "info", rule: level},
	{name: "PRODEGE_SECRET_KEY", required: Ingress | Worker, secret: true, rule: secretOrTwo},
	{name: "PRODEGE_API_KEY", secret: true},
	{name: "PRODEGE_BASE_URL", fallback: "https://surveypmr.prodegeapis.com/prodegemr", rule: addressToExtend},
	{name: "PRODEGE_POLL_EVERY", fallback: "6h", rule: duration},
	{name: "PRODEGE_MAX_EVENT_AGE", rule: duration},
	{name: "PROJECT_LINGER", fallback: "720h", rule: duration},
	{name: "PRODEGE_CALLS_PER_SECOND", fallback: "5", rule: perSecond},
	{name: "SLACK_BOT_TOKEN", required: Ingress | Worker, secret: true, rule: botToken},
	{name: "SLACK_SIGNING_SECRET", required: Ingress | Worker, secret: true, rule: slackSigningSecret},
	{name: "SLACK_API_URL", fallback: "https://slack.com/api/", rule: addressToExtend},
	{name: "SLACK_ALERTS_CHANNEL", required: Ingress | Worker, rule: channel},
	{name: "SLACK_APPROVALS_CHANNEL", like: "SLACK_ALERTS_CHANNEL", rule: channel},
	{name: "SLACK_FINANCE_CHANNEL", like: "SLACK_ALERTS_CHANNEL", rule: channel},
	{name: "SLACK_APPROVERS", required: Ingress | Worker, rule: approvers,
		missing: "write who may approve, users (U…, W…) and user groups (S…), comma-separated, or the word anyone"},
	{name: "SLACK_ESCALATION", rule: escalation},
	{name: "SLACK_POSTS_PER_SECOND", fallback: "1", rule: perSecond}, // Slack's own limit is about one message per second and channel
	{name: "APPROVAL_TIMEOUT", fallback: "24h", rule: duration},
	{name: "APPROVAL_REMINDER_EVERY", fallback: "4h", rule: duration},
	{name: "RESUME_TIMEOUT", fallback: "5m", rule: duration},
	{name: "APPROVAL_HOURS"},
	{name: "CPI_AUTO_APPROVE_UP_TO", rule: dollars},
	{name: "CPI_SECOND_APPROVER_ABOVE", rule: dollars},
	{name: "CPI_CEILING", rule: ceiling},
	{name: "ALERT_ACTIONS", fallback: "on", rule: onOrOff},
	{name: "DIGEST"},
	{name: "DRY_RUN", fallback: "false", rule: trueFalse},
	{name: "BILLING_URL", rule: address},
	{name: "BILLING_SIGNING_SECRET", secret: true, rule: webhookSecret},
	{name: "INBOX_DIR", fallback: "./data/inbox", rule: folder},
	{name: "TEMPORAL_TASK_QUEUE", fallback: "fieldmarshal", rule: word},
	{name: "TEMPORAL_UI_URL", fallback: "http://localhost:8233", rule: addressToExtend},
}

// connection are the variables that Temporal's envconfig reads.
var connection = []variable{
	{name: "TEMPORAL_ADDRESS", fallback: "localhost:7233"},
	{name: "TEMPORAL_NAMESPACE", fallback: "default"},
	{name: "TEMPORAL_API_KEY", secret: true},
	{name: "TEMPORAL_TLS"},
	{name: "TEMPORAL_TLS_CLIENT_CERT_PATH"},
	{name: "TEMPORAL_TLS_CLIENT_CERT_DATA"},
	{name: "TEMPORAL_TLS_CLIENT_KEY_PATH"},
	{name: "TEMPORAL_TLS_CLIENT_KEY_DATA", secret: true},
	{name: "TEMPORAL_TLS_SERVER_CA_CERT_PATH"},
	{name: "TEMPORAL_TLS_SERVER_CA_CERT_DATA"},
	{name: "TEMPORAL_TLS_SERVER_NAME"},
	{name: "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"},
	{name: "TEMPORAL_CLIENT_AUTHORITY"},
	{name: "TEMPORAL_CODEC_ENDPOINT"},
	{name: "TEMPORAL_CODEC_AUTH", secret: true},
	{name: "TEMPORAL_CONFIG_FILE"},
	{name: "TEMPORAL_PROFILE"},
}

// metadata is the prefix of variables that envconfig turns into headers; they may contain keys.
const metadata = "TEMPORAL_GRPC_META_"

// composeOnly are the variables that only docker-compose.yml reads.
var composeOnly = []string{"POSTGRES_PASSWORD", "TEMPORAL_VERSION", "TEMPORAL_UI_VERSION", "FIELDMARSHAL_VERSION", "FIELDMARSHAL_REVISION"}

// Variables returns the names that Load reads, for documentation and its tests.
func Variables() []string { return names(variables) }

// ConnectionVariables returns the fixed names that Temporal's envconfig reads.
func ConnectionVariables() []string { return names(connection) }

// ComposeVariables returns the names that only docker-compose.yml reads.
func ComposeVariables() []string { return append([]string(nil), composeOnly...) }

func names(list []variable) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = v.name
	}
	return all
}

// lookup finds a variable that we or Temporal's envconfig read.
func lookup(name string) (variable, bool) {
	for _, list := range [][]variable{variables, connection} {
		for _, v := range list {
			if v.name == name {
				return v, true
			}
		}
	}
	return variable{}, false
}
