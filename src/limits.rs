//! Every bound of the engine in one place, with the reasoning. Units are last in the names.

/// Transitions that one input may make before the execution owes itself `Continue`, so that a cancel interleaves.
pub const TURN_TRANSITIONS_MAX: usize = 1_000;
/// Bytes of what was held during a pause that are taken in one turn; what it leads to repeats them, and a record has a bound.
pub const TURN_HELD_BYTES_MAX: usize = 2 << 20;
/// The messages that an agent's model is told, as JSON: they stand in one record, beside the answer that made them too many.
pub const CONVERSATION_BYTES_MAX: usize = 8 << 20;
/// The largest value one step may take in or give out; larger ones belong in attachments.
pub const PAYLOAD_BYTES_MAX: usize = 4 << 20;
/// Documents and flow revisions up to this size live in the view; larger ones, and all turns, stay in the log and the view holds where.
pub const VIEW_VALUE_BYTES_MAX: usize = 32 << 10;
/// A flow file; far above what a person writes, low enough to parse in milliseconds.
pub const FLOW_BYTES_MAX: usize = 1 << 20;
/// Steps in one flow, map bodies included.
pub const FLOW_STEPS_MAX: usize = 2_000;
/// Nesting of map bodies; each level is a scope.
pub const MAP_DEPTH_MAX: usize = 8;
/// Items of one map.
pub const MAP_ITEMS_MAX: usize = 100_000;
/// Map bodies in flight where the flow does not say.
pub const MAP_CONCURRENCY_DEFAULT: u32 = 8;
/// Map bodies in flight at most.
pub const MAP_CONCURRENCY_MAX: u32 = 1_000;
/// Child executions inside child executions.
pub const CHILD_DEPTH_MAX: u32 = 16;
/// Steps entered by one execution where the flow does not say.
pub const STEPS_DEFAULT: u64 = 10_000;
/// Iterations of an `agent` step where the flow does not say.
pub const AGENT_ITERATIONS_DEFAULT: u32 = 12;
/// Correction cycles that validators may ask for where the flow does not say.
pub const VALIDATOR_RETRIES_DEFAULT: u32 = 3;
/// Correction cycles at most: each is a model call with a longer conversation.
pub const VALIDATOR_RETRIES_MAX: u32 = 20;
/// The score from which a judge's answer passes where the flow does not say.
pub const JUDGE_THRESHOLD_DEFAULT: f64 = 0.7;
/// Tokens a judge may answer with where the flow does not say: a score and a few sentences.
pub const JUDGE_TOKENS_DEFAULT: u64 = 1_024;
/// Tool calls that one model answer may ask for.
pub const AGENT_CALLS_MAX: usize = 64;
/// Attempts at one call that the process lost (crash) before the step fails instead of trying again; a step that kills the process must not do so for ever.
pub const LOST_ATTEMPTS_MAX: u32 = 20;
/// Signals kept for an execution that nothing has consumed yet, over all names.
pub const SIGNALS_KEPT_MAX: usize = 1_000;
/// Their payloads together.
pub const SIGNALS_KEPT_BYTES_MAX: usize = 8 << 20;
/// Signal ids remembered for de-duplication.
pub const SIGNAL_IDS_KEPT_MAX: usize = 4_096;
/// A signal's payload.
pub const SIGNAL_BYTES_MAX: usize = 256 << 10;
/// Ceiling of a call's duration where neither step nor defaults say, in milliseconds.
pub const CALL_TIMEOUT_DEFAULT_MS: u64 = 120_000;
/// Tokens a model may answer with where the step does not say; what a reservation assumes.
pub const ANSWER_TOKENS_DEFAULT: u64 = 4_096;
/// A reason, comment or error message that the journal keeps.
pub const MESSAGE_BYTES_MAX: usize = 8 << 10;
/// Expression source.
pub const EXPRESSION_BYTES_MAX: usize = 4 << 10;
/// Template output.
pub const TEMPLATE_BYTES_MAX: usize = 1 << 20;
/// Text that one template rendering may read or copy; an instruction may touch a whole string, so counting instructions is not enough.
pub const TEMPLATE_READ_BYTES_MAX: usize = 32 << 20;
/// Instructions one template rendering may use.
pub const TEMPLATE_FUEL: u64 = 200_000;
/// Work one evaluation of an expression may do: one unit per node visited, per value copied or compared and per 64 bytes of text; well under a second.
pub const EXPRESSION_FUEL: u64 = 5_000_000;
/// The same for all expressions of a trigger over one event together (filter, id, up to a hundred parameters): about a second.
pub const EVENT_FUEL: u64 = 2 * EXPRESSION_FUEL;
/// Tokens of one expression; bounds the depth of its tree, and with it the stack that compiling and evaluating take.
pub const EXPRESSION_TOKENS_MAX: usize = 400;
/// Depth of an expression's tree, and of the brackets in its source.
pub const EXPRESSION_DEPTH_MAX: usize = 100;
/// Stack that compiling an expression, or evaluating a deep one, may take: the parser takes up to 100 KiB a bracket in a debug build. Only pages
/// that are touched cost memory.
pub const EXPRESSION_STACK_BYTES: usize = 64 << 20;
/// `exists`, `all`, `map`, `filter` inside one another.
pub const COMPREHENSION_DEPTH_MAX: usize = 2;
/// What the other side said with an error, as far as it is kept.
pub const ERROR_DATA_BYTES_MAX: usize = 64 << 10;
/// The answer to one http step, after decompression; above what a step may give out, so that the refusal can name the step's limit. One event of
/// an MCP server may be as large.
pub const HTTP_ANSWER_BYTES_MAX: usize = 8 << 20;
/// What a model may send in one answer, tool calls included; a model that does not stop is cut here.
pub const MODEL_ANSWER_BYTES_MAX: usize = 16 << 20;
/// What a model's server may send for one answer, its wire included: each word of a stream comes in an event of a few hundred bytes.
pub const MODEL_WIRE_BYTES_MAX: usize = 64 << 20;
/// One event of such a stream; the largest is a tool's arguments in one piece.
pub const MODEL_EVENT_BYTES_MAX: usize = 4 << 20;
/// What is read of a model server's refusal.
pub const MODEL_REFUSAL_BYTES_MAX: usize = 64 << 10;
/// Work that the difference of two flows may do on lines of text (the square of the lines of both texts, summed): well under a second. A prompt of
/// 10,000 lines fits; texts for which nothing is left are shown whole.
pub const DIFF_EFFORT_MAX: usize = 500_000_000;
/// Memory for the bodies of all requests that are being answered, their copies included: about ten of the largest ones, or hundreds of
/// thousands of usual ones, on a machine with a few gigabytes.
pub const REQUEST_MEMORY_BYTES: usize = 1 << 30;
/// Where the process may have little memory, this part of it at most is for bodies: the rest is for what runs.
pub const REQUEST_MEMORY_SHARE: u64 = 4;
/// And this much at least, so that a usual body is taken.
pub const REQUEST_MEMORY_BYTES_MIN: usize = 16 << 20;
/// Of the files that the process may have open beside those of its start, this part is for connections of clients, whoever they are.
pub const CONNECTIONS_PERCENT: u64 = 50;
/// And this one for calls of models, tools and services under way. The rest is the store's, which must not be without.
pub const CALLS_PERCENT: u64 = 40;
/// How often what a body holds is in memory at its worst: as it came, as the text of a field, and decoded from that.
pub const REQUEST_COPIES: usize = 3;
/// Of that memory for requests that show no key: signed events, sign-in forms. A tenant may have half of all.
pub const STRANGERS_MEMORY_BYTES_MAX: usize = 32 << 20;
/// Of the strangers' memory, the part of one network: with some slow connections from one place, the others still come through. Ten of the
/// largest bodies that strangers may send, which is more than one busy sender of events has under way.
pub const NETWORK_MEMORY_BYTES_MAX: usize = STRANGERS_MEMORY_BYTES_MAX / 4;
/// Lines of a text that stay the same and are shown around those that do not.
pub const DIFF_CONTEXT_LINES: usize = 3;
/// A changed value of this length is shown on the line of its name, a longer one below it.
pub const DIFF_VALUE_CHARACTERS_MAX: usize = 60;

/// Names of called tools that an execution's summary holds. It is recorded with every change, so it stays small; who needs the rest reads the
/// trace.
pub const TOOLS_NOTED_MAX: usize = 32;
